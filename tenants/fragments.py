"""Renders one block of a page's template: what htmx asks for is cut from the very page that stands without it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.backends.utils import csrf_input_lazy, csrf_token_lazy
from django.template.loader import get_template


def fragment(
    request: HttpRequest, template: str, block: str, context: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    """``{% block <block> %}`` of a page that extends another, with the context that ``render`` would give.

    Imports and sets at the top of the template are executed, the page itself is not drawn. KeyError: no such block.
    """
    page: Any = get_template(template)
    context = (context or {}) | {
        "request": request,
        "csrf_input": csrf_input_lazy(request),
        "csrf_token": csrf_token_lazy(request),
    }
    for processor in page.backend.template_context_processors:
        context.update(processor(request))
    names = page.template.new_context(context)
    # All that stands before the first output of the layout: the template's own imports and sets.
    next(page.template.root_render_func(names), None)
    return HttpResponse("".join(page.template.blocks[block](names)), status=status)


def page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any] | None = None,
    parts: tuple[str, ...] = ("panel",),
    status: int = 200,
) -> HttpResponse:
    """The page; or, when htmx asks for the element of a part's id, the block of that name alone.

    So one view serves the address with and without JS: ``page(request, "x.html", {...}, parts=("panel", "results"))``.
    """
    target = request.headers.get("HX-Target") if request.headers.get("HX-Request") else None
    if target in parts:
        return fragment(request, template, target, context, status)
    return render(request, template, context, status=status)
