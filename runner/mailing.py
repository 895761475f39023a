"""One mail, through the mail server that the settings name."""

import smtplib

from django.conf import settings
from django.core.mail import EmailMessage

from governance.sending import Letter, Sent


def mail(letter: Letter) -> Sent:
    """Its Message-ID stays the same whenever it is sent again, so that a mailbox can drop what comes twice."""
    if not letter.to:
        return Sent(False, "Whoever it is for has left, or has no mail address.", final=True)
    headers = {"Message-ID": f"<{letter.id}@lockgate>", "Auto-Submitted": "auto-generated"}
    try:
        EmailMessage(letter.subject, letter.text, settings.DEFAULT_FROM_EMAIL, [letter.to], headers=headers).send()
    except smtplib.SMTPRecipientsRefused as refused:
        return _refused(*refused.recipients[letter.to])
    except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as refused:
        return _refused(refused.smtp_code, refused.smtp_error)
    except (OSError, smtplib.SMTPException) as error:
        return Sent(False, f"The mail server does not take it: {error or type(error).__name__}", everything=True)
    return Sent(True, "Taken by the mail server")


def _refused(code: int, why: bytes | str) -> Sent:
    """From 500 on the answer is meant to last. https://www.rfc-editor.org/rfc/rfc5321#section-4.2.1"""
    return Sent(False, f"{code} {why.decode(errors='replace') if isinstance(why, bytes) else why}", final=code >= 500)
