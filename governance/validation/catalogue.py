"""The built-in checks: what each asks, when, what an answer means, and what it proves."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from governance.orders import Moment, Question, Severity


class Builtin(StrEnum):
    ROWS = "rows"
    KEYS = "keys"
    CHECKSUM = "checksum"
    BATCHES = "batches"
    TRANSFORMED = "transformed"
    NULLS = "nulls"
    PROFILE = "profile"
    ORPHANS = "orphans"
    DUPLICATES = "duplicates"
    REFUSED_NULL = "refused null"
    REFUSED_CHECK = "refused check"
    REFUSED_TYPE = "refused type"
    SEQUENCES = "sequences"
    SAMPLE = "sample"
    DISTRIBUTION = "distribution"
    SAME = "same"
    CANARY = "canary"
    HTTP = "http"


@dataclass(frozen=True, slots=True)
class Entry:
    """`form`: how an author asks for it in a check file, behind `-- use:`."""

    question: Question
    moment: Moment
    expect: str
    form: str
    proves: str
    severity: Severity = Severity.BLOCKING


Q, M, B = Question, Moment, Builtin
CATALOGUE: Mapping[Builtin, Entry] = {
    B.ROWS: Entry(Q.COMPLETENESS, M.AFTER, "unchanged", "rows of public.bids", "The number of rows, exactly; not which rows they are."),
    B.KEYS: Entry(
        Q.COMPLETENESS,
        M.AFTER,
        "unchanged",
        "keys of public.bids",
        "The same set of keys: a lost row and a new one do not cancel each other as they do in a count.",
    ),
    B.CHECKSUM: Entry(
        Q.ACCURACY,
        M.AFTER,
        "unchanged",
        "checksum of public.bids without total, updated_at",
        "Every value of every row, by a hash of each row, in chunks that a resumed run need not read again; rows that differ are named. "
        "Rows that others wrote meanwhile are told apart by the transaction that wrote them.",
    ),
    B.BATCHES: Entry(
        Q.ACCURACY,
        M.AFTER,
        "unchanged",
        "batches of public.bids without total",
        "What a backfill was not to touch, compared row by row in each batch's own transaction, so others may write meanwhile.",
    ),
    B.TRANSFORMED: Entry(
        Q.ACCURACY,
        M.AFTER,
        "no rows",
        "transformed public.bids: cents = (amount * 100)::bigint",
        "That a column is what a declared expression of the others says, for every row.",
    ),
    B.NULLS: Entry(
        Q.ACCURACY,
        M.AFTER,
        "unchanged",
        "nulls of public.bids (amount, note)",
        "As many NULLs and as many empty texts in each column as before: a NULL turned empty shows.",
    ),
    B.PROFILE: Entry(
        Q.ACCURACY,
        M.AFTER,
        "unchanged",
        "profile of public.bids (amount)",
        "Least, greatest, sum and average, or lengths of texts. Values swapped between two rows do not show.",
    ),
    B.ORPHANS: Entry(
        Q.REFERENTIAL_INTEGRITY,
        M.AFTER,
        "no rows",
        "orphans of public.bids (project_id) in public.projects (id)",
        "That no row points to a row that is not there, with or without a foreign key.",
    ),
    B.DUPLICATES: Entry(
        Q.REFERENTIAL_INTEGRITY,
        M.BEFORE,
        "no rows",
        "duplicates of public.bids (project_id, contractor_id)",
        "That a unique key over these columns can be made.",
    ),
    B.REFUSED_NULL: Entry(
        Q.COMPLETENESS, M.BEFORE, "no rows", "refused null of public.bids (amount)", "That NOT NULL finds nothing to refuse."
    ),
    B.REFUSED_CHECK: Entry(
        Q.BUSINESS_RULES, M.BEFORE, "no rows", "refused check of public.bids: amount > 0", "That a CHECK finds nothing to refuse."
    ),
    B.REFUSED_TYPE: Entry(
        Q.ACCURACY,
        M.BEFORE,
        "no rows",
        "refused type of public.bids: amount as integer",
        "That every value of the column can be read as the coming type, and is neither cut nor rounded by it.",
    ),
    B.SEQUENCES: Entry(
        Q.BUSINESS_RULES,
        M.AFTER,
        "no rows",
        "sequences of public.bids",
        "That the next number of each sequence is beyond the greatest one of its column.",
    ),
    B.SAMPLE: Entry(
        Q.ACCURACY,
        M.AFTER,
        "unchanged",
        "sample of public.bids, 30000 rows",
        "All values of rows chosen at random by key; the bound that follows for the rest is stated with its formula.",
    ),
    B.DISTRIBUTION: Entry(
        Q.ACCURACY,
        M.AFTER,
        "unchanged",
        "distribution of public.bids (amount)",
        "How far the values have moved as a whole (population stability index and the share of rows that moved). A hint, never a proof.",
        Severity.WARNING,
    ),
    B.SAME: Entry(
        Q.ACCURACY,
        M.AFTER,
        "unchanged",
        "same public.bids as public.bids_new without note",
        "That two tables hold the same rows, compared by checksums of key ranges, halved where they differ down to the rows.",
    ),
    B.CANARY: Entry(
        Q.PERFORMANCE,
        M.AFTER,
        "no slower than 2x",
        "canary (and a query behind it)",
        "Plan and time of one query before and after, at the number of rows that the table has.",
    ),
    B.HTTP: Entry(
        Q.BUSINESS_RULES,
        M.AFTER,
        "unchanged",
        "http /health expecting 200 containing ok",
        "That the service in front of the database answers as it should, from end to end.",
    ),
}
