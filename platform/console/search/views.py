"""The page of results, which also answers the palette as somebody types."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from console.frame import render
from console.search.finders import find
from console.search.hits import Hit


def results(request: HttpRequest) -> HttpResponse:
    """Show what `?q=` finds, or open it if it is one thing; with `?part=hits`, answer only the list."""
    term = request.GET.get("q", "").strip()
    hits = find(term, request=request)
    if request.GET.get("part") == "hits":
        return TemplateResponse(request, "console/hits.html", {"term": term, "hits": hits})
    if hit := _only(hits, term):
        return HttpResponseRedirect(hit.address)
    return render(request, "console/search.html", title="Search", term=term, hits=hits)


def _only(hits: list[Hit], term: str) -> Hit | None:
    """Return the only hit, or the only one with exactly this name; None if there are several."""
    exact = [hit for hit in hits if hit.name == term]
    return exact[0] if len(exact) == 1 else hits[0] if len(hits) == 1 else None
