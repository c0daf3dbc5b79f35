"""Articles for the tests of services downstream, written for the project, and the order in which they arrive."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.harness.scenario import Raw, article, retraction

__all__ = [
    "CORRECTED",
    "FERRY",
    "HARVEST",
    "MARKET",
    "NEW_AT_ADDRESS",
    "OWL",
    "QUARRY",
    "ROADS",
    "SPELLING",
    "TRIAL",
    "VINES",
    "VINES_IMAGE",
    "WITHDRAWN",
    "arrivals",
]

TRIAL, SPELLING = "https://gazette.example/trial", "https://gazette.example/orchard"
CORRECTED, WITHDRAWN = "https://gazette.example/mayor", "https://gazette.example/dam"
FERRY = [f"https://{site}.example/ferry" for site in ("herald", "courier", "coastline", "beacon")]
QUARRY = [f"https://{site}.example/quarry" for site in ("plateau", "valley", "ridge")]
VINES = [f"https://{site}.example/vendanges" for site in ("coteaux", "rivage")]
VINES_IMAGE = "https://rivage.example/raisins.jpg"
ROADS = ["https://district.example/closure/mill", "https://district.example/closure/abbey"]
MARKET = ["https://ledger.example/close/1", "https://ledger.example/close/2"]
OWL = ["https://evening.example/owl", "https://morning.example/owl", "https://night.example/owl"]
HARVEST = ["https://granary.example/harvest", "https://granary.example/barley"]
NEW_AT_ADDRESS = "A choir of eighty voices opens the season at Larkfield"

_TRIAL = (
    "The former head of the harbour board at Millbrook, Tobias Renn, was found not guilty on Monday of taking money "
    "from builders. The court heard fourteen witnesses over three weeks, among them two accountants of the port. The "
    "judge said that the payments had been approved by the whole board and were recorded in its minutes. Lawyers for "
    "the town asked for time to study the verdict. Renn left the building by a side door and spoke to nobody. His "
    "successor said that the board would publish all contracts of the last ten years before the end of spring."
)
_ORCHARD = (
    "Growers around Appleby Cross have planted nine hundred pear trees along the old railway line this winter. The "
    "commmittee that looks after the path asked for varieties that need little water, and a nursery gave half of the "
    "trees at its own cost. Pupils of two schools dug the first holes, and each class has a row of its own to look "
    "after. The first fruit is expected in four years. A press for juice, which stood idle for decades, is being "
    "repaired meanwhile, and walkers will be free to pick whatever hangs over the fence."
)
_MAYOR = (
    "The town council of Westerhaven has chosen Anna Lindqvist to lead the inquiry into the flooded tunnel. She is an "
    "engineer and worked on underground railways for twenty years. Her report is due in autumn, and the tunnel will "
    "stay closed until then. Shopkeepers near the northern entrance say that they have lost a third of their "
    "customers, and asked for a bus that stops at their doors. The council will talk about the request next week, "
    "together with the question who pays for the pumps that run day and night."
)
_DAM = (
    "Inspectors have found cracks in the wall of the Corran dam, a report that was passed to this newspaper says. The "
    "authors recommend that the level of the lake be lowered by two metres before the snow melts. The operator "
    "declined to comment on single findings and called the wall safe. Villages below the dam have practised the alarm "
    "twice since summer. The mayor of Lower Corran said that he had learned of the cracks from a reporter, and that "
    "he would ask for an explanation in writing."
)
_FERRY = (
    "The last wooden ferry on the Sound of Ardmoy will be replaced next summer by a boat with an electric motor. The "
    "Captain, Morag Tulloch, has steered the old vessel for thirty-one years and will train the new crew before she "
    "retires. The boat is being built at a yard in Kilbrannan and carries twelve cars instead of six. Islanders had "
    "collected signatures for a night crossing, which the company has promised to try for one season. Fares will stay "
    "as they are. A museum has asked for the old ferry, but nobody has yet offered to pay for its transport."
)
_QUARRY = (
    "A quarry on the Hembury plateau that was given up long ago is to become a nature reserve. Bee-eaters have nested "
    "in its walls for five summers, and botanists counted nearly three hundred kinds of plants on the terraces. The "
    "owner, a maker of cement, gives the land to a foundation and pays for a fence. Climbers may use the southern "
    "wall outside the nesting season. The parish wants to lay out a path with a platform for visitors, provided that "
    "the county agrees to mend the lane, which heavy lorries had ruined."
)
_CHOIR = (
    "With a requiem that has not been heard in the county for sixty years, the choir of Larkfield opens its season on "
    "Friday. Eighty singers and an orchestra of amateurs have rehearsed since August under Imogen Vance. Tickets for "
    "the first evening sold out within hours, and a second concert was added. The score was found in the attic of a "
    "vicarage, in a box with letters of the composer, who taught the piano there. A recording will be broadcast at "
    "Easter. Whoever wants to join the choir may come to any rehearsal in the parish hall."
)
_VINES = (
    "Les vendanges ont commencé lundi dans les coteaux de Saint-Aubrac, deux semaines plus tôt que l'an dernier. Les "
    "vignerons s'attendent à une récolte modeste mais de bonne qualité, car la sécheresse de juillet a réduit la "
    "taille des grappes. La coopérative a engagé une centaine de saisonniers et ouvert un dortoir dans l'ancienne "
    "école du village. « Nous n'avons jamais vu des raisins aussi sucrés », assure sa présidente, Odile Marchais. Les "
    "premières bouteilles seront vendues au printemps, et une partie de la récolte servira à produire du vinaigre pour "
    "les cantines."
)
_ROAD = (
    "{street} will be closed to all traffic from Monday morning while workers of the district replace the water main "
    "and renew the surface. Residents can reach their houses on foot at any time, and by car in the evening. Buses "
    "take the ring road and stop at the church instead. The district office asks for patience and answers questions "
    "by telephone. Rubbish is collected at the end of the street. The district regrets the noise, which cannot be "
    "avoided, and will reopen the street as soon as the asphalt has set, if the weather allows."
)
_CLOSE = (
    "Shares in Tarnmouth ended the day {way} on Tuesday as traders weighed the results of large shippers. The index "
    "of the exchange moved in quiet trading, and makers of machines moved with it. Analysts pointed to the price of "
    "freight, which has moved in one direction for weeks. The currency hardly changed against that of the neighbours. "
    "Bonds of the state were little noticed. Figures about employment will be published at the end of the week, and "
    "many investors prefer to wait for them. The exchange is closed on Friday because of the holiday of the founders."
)
_OWL = (
    "An owl that escaped from the aviary of Castle Dunmere three weeks ago has been caught on the roof of a bakery. "
    "The baker, Edwin Sallow, heard it at four in the morning and lured it into his store with a piece of chicken. "
    "Keepers took it back in a laundry basket, tired but unhurt. It had been seen in five villages, and a farmer "
    "blamed it for the loss of two ducks. The castle has promised him new ones. The aviary gets a second door, so "
    "that visitors cannot leave it open again, and the bakery sells rolls in the shape of an owl."
)
_GRAIN = (
    "Farmers on the plain of Ostrey have brought in the largest harvest of wheat in a decade, the chamber of "
    "agriculture said. Rain in May and a dry July made up for a cold spring. Mills pay less than last year, because "
    "the stores are full everywhere, and some farms keep their grain and hope for winter. The chamber advises to "
    "plant more beans, which need no fertiliser and sell well abroad. A cooperative is building three silos next to "
    "the canal, from where barges can take the grain to the coast."
)
_BARLEY = (
    "Brewers in the hills look for barley, because a fungus has spoiled the fields in the north of the province. The "
    "guild has sent buyers across the border and reckons with higher prices for malt from autumn on. Small breweries "
    "bake bread from what cannot be malted, and one distils it. Scientists of the agricultural school test an old "
    "variety that withstood the fungus in their garden. Seeds for larger fields will be ready in two years at the "
    "earliest, and the guild collects money so that farmers dare to sow them."
)
_SEEN_AGAIN = "2026-11-20T11:00:00Z"


def arrivals() -> list[list[Raw]]:
    """Return raw records in phases; each phase arrives when the one before is processed."""
    now = datetime.now(UTC)

    def stated(hours: int) -> dict[str, str]:
        """Return a publication some hours ago; only times of the last days, before the article was fetched, count."""
        published_at = (now - timedelta(hours=hours)).isoformat(timespec="seconds")
        return {"published_at": published_at, "fetched_at": now.isoformat(timespec="seconds")}

    title = "Une récolte modeste à Saint-Aubrac"
    page = (
        f'<html lang="fr"><head><title>{title}</title><meta property="og:image" content="{VINES_IMAGE}"></head>'
        f"<body><article><h1>{title}</h1><p>{_VINES}</p></article></body></html>"
    )
    details: dict[str, Any] = {
        "html": page,
        "tags": ["vendanges", "viticulture"],
        "section": "Économie",
        "rights": {"licence": "CC BY 4.0"},
    }
    guilty = _TRIAL.replace("found not guilty", "found guilty")
    titles = "Last wooden ferry to be replaced", "Electric boat for Ardmoy", "Ferry retires", "Captain bids farewell"
    first = [
        article(TRIAL, "Harbour chief not guilty of taking money", _TRIAL),
        article(SPELLING, "Pear trees along the old railway", _ORCHARD),
        article(CORRECTED, "Engineer leads inquiry into flooded tunnel", _MAYOR),
        article(WITHDRAWN, "Cracks found in dam above Corran", _DAM),
        article(FERRY[0], titles[0], _FERRY),
        article(QUARRY[0], "Quarry becomes a reserve", _QUARRY),
        article(VINES[0], "Les vendanges ont commencé", _VINES, language="fr"),
        article(ROADS[0], "Mill Street closed", _ROAD.format(street="Mill Street")),
        article(MARKET[0], "Shares in Tarnmouth close higher", _CLOSE.format(way="higher")),
        article(OWL[0], "Escaped owl caught on bakery", _OWL, **stated(4)),
        article(HARVEST[0], "Largest harvest in a decade", _GRAIN, source="Granary Weekly"),
        article(HARVEST[1], "Brewers look for barley", _BARLEY, source="Granary Weekly"),
    ]
    corrected = (
        "Correction: An earlier version of this article gave the wrong name of the engineer.\n\n"
        f"{_MAYOR.replace('Anna Lindqvist', 'Hanna Lindqvist')}"
    )
    second = [
        article(TRIAL, "Harbour chief guilty of taking money", guilty, _SEEN_AGAIN),
        article(SPELLING, "Pear trees along the old railway", _ORCHARD.replace("commmittee", "committee"), _SEEN_AGAIN),
        article(
            SPELLING,
            "Pear trees along the old railway",
            _ORCHARD.replace("commmittee", "committee").replace("water, and a nursery", "water – and a nursery"),
            "2026-11-20T11:30:00Z",
        ),
        article(CORRECTED, "Engineer leads inquiry into flooded tunnel", corrected, _SEEN_AGAIN),
        article(
            WITHDRAWN,
            "Cracks found in dam above Corran",
            f"This article has been withdrawn.\n\n{_DAM}",
            _SEEN_AGAIN,
        ),
        article(FERRY[1], titles[1], _FERRY),
        article(QUARRY[1], "Reserve in the old quarry", _QUARRY),
        article(VINES[1], title, "", **details),
        article(ROADS[1], "Abbey Lane closed", _ROAD.format(street="Abbey Lane")),
        article(MARKET[1], "Shares in Tarnmouth close lower", _CLOSE.format(way="lower")),
        article(OWL[1], "Owl returns to castle", _OWL, **stated(20)),
        article(OWL[2], "Baker catches owl", _OWL, **stated(1)),
        retraction(HARVEST[0], source="Barley Times"),
        retraction(HARVEST[0], "2026-11-20T12:30:00Z"),
        retraction(HARVEST[1], source="Granary Weekly"),
    ]
    shortened = f"HEMBURY, Tuesday – {_QUARRY[: _QUARRY.index(' The parish')]}"
    third = [article(FERRY[2], titles[2], _FERRY), article(QUARRY[2], "Bee-eaters get a home", shortened)]
    fourth = [retraction(FERRY[2]), article(QUARRY[0], NEW_AT_ADDRESS, _CHOIR, _SEEN_AGAIN)]
    return [first, second, third, fourth, [retraction(FERRY[0])], [article(FERRY[3], titles[3], _FERRY)]]
