"""Where templates are used: in the plan that holds, or in the draft of its successor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from django.db.models import Q

from sequences.models import Sequence, Status
from steps.models import Step


def uses_of(templates: Collection[int]) -> dict[int, int]:
    """Template → in how many sequences it is used now: two statements."""
    return {pk: len(found) for pk, found in _sequences(templates).items()}


def used_in(template: int) -> list[int]:
    """The ids of the sequences that use a template now."""
    return sorted(_sequences([template]).get(template, set()))


def _sequences(templates: Collection[int]) -> dict[int, set[int]]:
    plans: dict[int, set[int]] = defaultdict(set)
    for plan, template in Step.objects.filter(template__in=templates).values_list("plan_id", "template_id"):
        plans[plan].add(template)
    current = Q(plan__in=plans) | Q(draft__in=plans)
    found: dict[int, set[int]] = defaultdict(set)
    rows = Sequence.objects.filter(current).exclude(status=Status.ARCHIVED)
    for pk, plan, draft in rows.values_list("pk", "plan_id", "draft_id"):
        for template in plans.get(plan, set()) | plans.get(draft, set()):
            found[template].add(pk)
    return found
