"""Rows between two others. They are no models of ours, so the triggers that guard them stand on proxies of their tables."""

from typing import Any

from governance.models.base import AUDITED, NO_TRUNCATE
from governance.models.domains import Domain
from governance.models.resources import Resource
from governance.models.specs import Spec

TRIGGERS = [AUDITED, NO_TRUNCATE]
of_specs: Any = Spec.domains.through
of_domains: Any = Domain.owners.through
of_resources: Any = Resource.targets.through


class SpecDomain(of_specs):
    class Meta:
        proxy = True
        triggers = TRIGGERS


class DomainOwner(of_domains):
    class Meta:
        proxy = True
        triggers = TRIGGERS


class ResourceTarget(of_resources):
    class Meta:
        proxy = True
        triggers = TRIGGERS
