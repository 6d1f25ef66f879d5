"""Makes static/fonts/inter.woff2 out of fontpkg-inter: ``python -m config.fonts``.

The upright variable font, cut to the letters that names and texts in Latin script need, with the features that the
pages use (tabular numbers among them). The result is committed, so that neither a start nor an image builds it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "static" / "fonts"
#: Latin with all its extensions, combining accents, Vietnamese; punctuation, currencies, arrows, signs
RANGES = (
    "U+0020-007E,U+00A0-024F,U+0259,U+02BB-02BC,U+02C6-02DC,U+0300-0304,U+0306-030C,U+0323,U+0329,"
    "U+1E00-1EFF,U+2000-206F,U+20A0-20C0,U+2116,U+2122,U+2190-2193,U+2212,U+2215,U+2260,U+2264-2265,U+FEFF,U+FFFD"
)
FEATURES = "kern,liga,calt,ccmp,locl,mark,mkmk,tnum,case,zero"


def main() -> None:
    """Write the font and, beside it, its licence (SIL OFL 1.1)."""
    import fontpkg_inter  # type: ignore[import-untyped]
    from fontTools import subset  # type: ignore[import-untyped]

    source = Path(fontpkg_inter.__file__).parent
    FOLDER.mkdir(parents=True, exist_ok=True)
    subset.main(
        [
            str(source / "files" / "Inter[opsz,wght].ttf"),
            f"--unicodes={RANGES}",
            f"--layout-features={FEATURES}",
            "--flavor=woff2",
            f"--output-file={FOLDER / 'inter.woff2'}",
        ]
    )
    shutil.copyfile(source / "LICENSE", FOLDER / "OFL.txt")


if __name__ == "__main__":
    main()
