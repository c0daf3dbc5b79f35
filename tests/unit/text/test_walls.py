"""Consent and block pages that are longer than a few lines, and what notices mean for articles beside them."""

import pytest

from pipeline.text.walls import is_no_article, without_notices

FILLER = "Our partners store and read information on your device to measure what you read and to choose what you see. "
NEWS = "The council of Marn voted on Monday to keep the old pier, whose repair will cost the town two million a year. "


@pytest.mark.parametrize(
    ("title", "paragraphs"),
    [
        ("Your privacy", [f"We value your privacy. {FILLER * 5}Accept all cookies or manage your choices."]),
        (None, ["We use cookies", FILLER * 3, FILLER * 2, "You can read more in our cookie policy."]),
        ("Cookies", [f"Wir verwenden Cookies. {FILLER * 5}", "Mit Werbung weiterlesen", "Zustimmen und weiter"]),
        ("Marn Post", [f"Nous utilisons des cookies. {FILLER * 5}", "Accepter les cookies"]),
        ("Marn Post", ["We value your privacy", FILLER * 6, "Accept cookies", "Marn Post Ltd"]),
        ("Attention Required! | Cloudflare", [FILLER * 6]),
        ("403 Forbidden", [FILLER * 6]),
        ("Error: 404 Not Found - Marn Post", [FILLER * 6]),
        ("Just a moment...", [FILLER * 6]),
        ("Seite nicht gefunden | Marn Post", [FILLER * 6]),
    ],
)
def test_long_walls_are_no_articles(title: str | None, paragraphs: list[str]) -> None:
    assert sum(map(len, paragraphs)) > 500
    assert is_no_article(paragraphs, title, from_page=True) is not None
    assert is_no_article(paragraphs, title, from_page=False) is None


@pytest.mark.parametrize(
    ("title", "paragraphs"),
    [
        ("Court bans pre-ticked boxes", [NEWS * 4, "Sites that say “we use cookies” must ask first.", NEWS]),
        ("Pier stays", [NEWS * 5, "We use cookies. Accept all cookies."]),
        ("Access denied: how a town lost its beach", [NEWS * 6]),
        ("Why “page not found” became a joke", [NEWS * 6]),
        ("Reporters say access denied to the pier", [NEWS * 6]),
    ],
)
def test_articles_that_mention_walls_are_articles(title: str, paragraphs: list[str]) -> None:
    assert is_no_article(paragraphs, title, from_page=True) is None


@pytest.mark.parametrize(
    "notice",
    [
        "To continue reading this article, subscribe now.",
        "Already a subscriber? Log in.",
        "We use cookies to make this site better.",
        "La suite est réservée aux abonnés.",
        "この記事は有料会員限定です。",
    ],
)
def test_notices_are_taken_out(notice: str) -> None:
    assert without_notices([NEWS, notice]) == [NEWS]


NOTICES = [
    """
    Before you go on to the Marn Post

    We and our partners store and access information on a device, such as unique identifiers, and process personal
    data such as your browsing on this site. You may accept or manage your choices below, including your right to
    object where legitimate interest is used, or at any time on the page of our privacy policy.

    These choices will be signalled to our partners and will not affect browsing data. With your consent we use
    precise location and identify devices by scanning them for personalised ads, personalised content, the
    measurement of advertising, audience research and the development of services.

    Strictly necessary cookies are always active, because the site cannot work without them. Third parties that we
    have chosen use cookies for the purposes that are listed here, each with the time for which it keeps them.

    You can withdraw your consent or change your preferences whenever you like in the cookie settings at the foot of
    every page. If you refuse, you will see as many advertisements, which will mean less to you.

    Accept all. Reject all. Manage preferences. Read our cookie policy.
    """,
    """
    Mit Werbung weiterlesen

    Besuchen Sie die Marner Post wie gewohnt mit Werbung. Ihre Einwilligung umfasst die Verarbeitung
    personenbezogener Daten durch unsere Partner, auch außerhalb der Union. Alle Angaben zu den Cookies finden Sie
    in der Datenschutzerklärung und in den Cookie-Einstellungen.

    Unsere Partner speichern Informationen auf Ihrem Gerät oder greifen darauf zu, um personalisierte Werbung zu
    zeigen und deren Erfolg zu messen. Manche von ihnen tun das aus berechtigtem Interesse, dem Sie widersprechen
    können. Personenbezogene Daten sind zum Beispiel Ihre Adresse im Netz oder eine Kennung.

    Sie können die Einwilligung widerrufen, wann immer Sie wollen. Alle akzeptieren oder zustimmen und weiter.
    """,
    """
    Le Courrier de Marn et vos données

    Nos partenaires et nous stockons des cookies sur votre appareil et traitons des données personnelles afin de
    mesurer l'audience et d'afficher des publicités personnalisées. Avec votre consentement, ces traitements se
    fondent aussi sur l'intérêt légitime de nos partenaires.

    Vous pouvez modifier vos choix et vos préférences à tout moment dans notre politique de confidentialité. Le
    refus des cookies n'empêche pas la lecture du site, mais limite certains services du journal.

    Tout accepter. Tout refuser.
    """,
    """
    Marn Post

    We have noticed unusual traffic from your network. This page checks whether you are a human and not a robot. To
    go on, complete the security check below. Your browser must have JavaScript enabled and accept cookies. If you
    use a network that hides your IP address, others may have sent automated requests from it.

    Write to us with the reference ID at the foot of this page if you believe that you see it by mistake.
    """,
    """
    Access to this service

    Marn Newspapers does not permit crawling, scraping, or text and data mining of its content by automated means,
    whether directly or through a service, without express written permission. This is stated in the terms and
    conditions of this site. The way in which you use it looks potentially automated.

    If you are a legitimate user, write to our readers' desk with your IP address, which is shown below, and the
    time at which you saw this notice.

    Commercial use of our reports by crawlers may be licensed; the desk for licences answers on weekdays.
    """,
    """
    Einen Moment bitte

    Wir haben ungewöhnlichen Datenverkehr aus Ihrem Netz bemerkt. Bitte bestätigen Sie, dass Sie kein Roboter sind.
    Ihr Browser muss JavaScript und Cookies erlauben. Automatisierte Zugriffe sind nach den Nutzungsbedingungen
    nicht gestattet. Nennen Sie uns Ihre IP-Adresse, wenn Sie diese Seite zu Unrecht sehen.
    """,
]


def _paragraphs(text: str, times: int = 1) -> list[str]:
    return [" ".join(part.split()) for part in text.strip().split("\n\n")] * times


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("notice", NOTICES)
def test_longer_notices_are_no_articles(notice: str, times: int) -> None:
    paragraphs = _paragraphs(notice, times)
    assert sum(map(len, paragraphs)) > 300
    assert is_no_article(paragraphs, paragraphs[0], from_page=True) is not None


ARTICLES = [
    """
    The regulator fined the Marn Post two million on Monday over the way in which it asks for consent.

    Readers saw a button to accept all cookies, while the one to reject all of them was two pages further. The
    newspaper shared personal data with 412 companies, which it called “our partners”, and for half of them it relied
    on legitimate interest. Its privacy policy said so in a footnote.

    The newspaper will appeal. Its lawyer, Ilse Maravant, said that whoever wishes can withdraw consent.
    """,
    """
    A library in Marn has been scraping the region's newspapers for ten years, and now a court has to decide.

    Its crawlers read a million pages a month. Publishers say that text and data mining needs their permission; the
    library says that robots have read the web from its beginning.
    """,
    """
    How to turn cookies off

    Open the settings of your browser and choose privacy, and delete what it has kept of sites that you do not read.
    """,
]


@pytest.mark.parametrize("article", ARTICLES)
def test_articles_about_consent_and_robots_are_articles(article: str) -> None:
    first, *rest = _paragraphs(article)
    assert is_no_article([first, NEWS * 3, *rest, NEWS * 5], "Court decides about the web", from_page=True) is None


@pytest.mark.parametrize("notice", NOTICES)
def test_a_notice_above_an_article_is_part_of_it(notice: str) -> None:
    assert is_no_article([*_paragraphs(notice), *[NEWS] * 30], "Pier stays", from_page=True) is None
