"""English names of languages, for the filters of the page; of others, the tag is shown."""

from typing import Final

__all__ = ["language_name"]

_PAIRS: Final = """
af=Afrikaans am=Amharic ar=Arabic az=Azerbaijani be=Belarusian bg=Bulgarian bn=Bengali bs=Bosnian ca=Catalan
cs=Czech da=Danish de=German el=Greek en=English es=Spanish et=Estonian eu=Basque fa=Persian fi=Finnish
fr=French ga=Irish gl=Galician gu=Gujarati ha=Hausa he=Hebrew hi=Hindi hr=Croatian hu=Hungarian hy=Armenian
id=Indonesian ig=Igbo is=Icelandic it=Italian ja=Japanese ka=Georgian kk=Kazakh km=Khmer kn=Kannada ko=Korean
ky=Kyrgyz lo=Lao lt=Lithuanian lv=Latvian mk=Macedonian ml=Malayalam mn=Mongolian mr=Marathi ms=Malay
my=Burmese nb=Norwegian ne=Nepali nl=Dutch nn=Norwegian no=Norwegian pa=Punjabi pl=Polish ps=Pashto
pt=Portuguese ro=Romanian ru=Russian si=Sinhala sk=Slovak sl=Slovene so=Somali sq=Albanian sr=Serbian
sv=Swedish sw=Swahili ta=Tamil te=Telugu th=Thai tl=Tagalog tr=Turkish uk=Ukrainian ur=Urdu uz=Uzbek
vi=Vietnamese yo=Yoruba zh=Chinese zu=Zulu und=unknown mul=several
"""
_NAMES: Final = dict(pair.split("=") for pair in _PAIRS.split())


def language_name(tag: str) -> str:
    """Return the name of a language, or its tag."""
    return _NAMES.get(tag.partition("-")[0], tag)
