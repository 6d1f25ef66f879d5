"""HTML that may leave in a mail. What comes out of ``sanitise`` is in one canonical spelling.

Canonical: tags and attributes in lower case, every attribute with a value in double quotes, ``& < > "`` and
the no-break space escaped inside values, ``& < >`` in text, no comments. links and plaintext rely on it: in
such text ``<`` begins a tag wherever it stands, and a pattern can find attributes without being fooled.
"""

import re

import nh3
from markupsafe import Markup


def _names(text: str) -> set[str]:
    return set(text.split())


TAGS = _names(
    "a abbr b blockquote br caption center cite code col colgroup dd del div dl dt em font h1 h2 h3 h4 h5 h6 hr i"
    " img ins li mark ol p pre q s small span strike strong sub sup table tbody td tfoot th thead tr u ul"
)
DROPPED_WITH_CONTENT = _names("head iframe math noscript object script style svg template textarea title")
ATTRIBUTES = {
    "*": _names("align dir lang role style title"),
    "a": {"href", "name"},
    "img": _names("alt border height src width"),
    "table": _names("bgcolor border cellpadding cellspacing width"),
    "tr": {"bgcolor", "valign"},
    "td": _names("bgcolor colspan height nowrap rowspan valign width"),
    "th": _names("bgcolor colspan height nowrap rowspan scope valign width"),
    "col": {"span", "width"},
    "colgroup": {"span", "width"},
    "font": _names("color face size"),
    "ol": {"start", "type"},
    "ul": {"type"},
    "hr": _names("size width"),
    "blockquote": {"cite"},
}
# None of these can load anything or leave its place in the flow of the text.
STYLES = _names(
    "background-color border border-bottom border-bottom-color border-bottom-style border-bottom-width"
    " border-collapse border-color border-left border-left-color border-left-style border-left-width"
    " border-radius border-right border-right-color border-right-style border-right-width border-spacing"
    " border-style border-top border-top-color border-top-style border-top-width border-width color direction"
    " display font font-family font-size font-style font-variant font-weight height letter-spacing line-height"
    " list-style-type margin margin-bottom margin-left margin-right margin-top max-height max-width min-height"
    " min-width overflow padding padding-bottom padding-left padding-right padding-top table-layout text-align"
    " text-decoration text-indent text-transform vertical-align white-space width word-break word-spacing"
    " word-wrap"
)
SCHEMES = {"http", "https", "mailto", "tel"}
IMAGE_WITHOUT_SOURCE = re.compile(r'<img(?! src=")(?:(?! src=")[^>])*>')


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name == "src" and not value.lower().startswith("https://"):
        return None
    return value


_CLEANER = nh3.Cleaner(
    tags=TAGS,
    clean_content_tags=DROPPED_WITH_CONTENT,
    attributes=ATTRIBUTES,
    attribute_filter=_attribute,
    filter_style_properties=STYLES,
    url_schemes=SCHEMES,
    link_rel=None,
    strip_comments=True,
)


def sanitise(html: str) -> str:
    """``html`` without what a mail may not hold: scripts, forms, styles that load or cover, images that are
    not https, links but to http, https, mailto and tel. Idempotent."""
    clean: str = _CLEANER.clean(html)
    return IMAGE_WITHOUT_SOURCE.sub("", clean) if "<img" in clean else clean


_PLAIN_CLEANER = nh3.Cleaner(
    tags=TAGS - {"img"},
    clean_content_tags=DROPPED_WITH_CONTENT,
    attributes={"a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}, "ol": {"start"}},
    url_schemes=SCHEMES,
    link_rel="noopener noreferrer nofollow",
)


def plain_look(html: str) -> Markup:
    """``html`` for a page of the app, which lets no styles of others and no pictures from outside in."""
    return Markup(_PLAIN_CLEANER.clean(html))


def unescape(value: str) -> str:
    """An attribute's value or a text of canonical HTML as it is meant."""
    if "&" not in value:
        return value
    value = value.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&nbsp;", "\u00a0")
    return value.replace("&amp;", "&")


def escape(value: str) -> str:
    """The reverse, for an attribute's value as for a text."""
    value = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return value.replace("\u00a0", "&nbsp;")
