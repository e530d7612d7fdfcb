"""Words that companies, people and places are named with. All invented."""

from __future__ import annotations

_FIRST_NAMES = """
Ada Aisha Alejandro Amara Anneke Anton Astrid Beatriz Björn Bram Camille Carlos Chiara Chloé Daan Dmitri Elif Emeka
Emma Erik Esra Fatima Femke Finn Giulia Grace Hannah Hiroshi Ingrid Isabel Ivan Jade Jamal Jana Jeroen Jonas José
Julia Kaito Karim Katarzyna Kofi Lars Layla Leila Liam Linh Lotte Łukasz Magnus Maren Marek Maya Mei Milan Nadia Niamh
Nora Olga Oliver Omar Pieter Priya Quentin Rafael Renée Rosa Ruth Saoirse Sander Sofía Søren Tariq Thijs Tomás Ursula
Victor Wanjiru Wei Xander Yara Yusuf Zoë Zuzana
"""
FIRST_NAMES = tuple(_FIRST_NAMES.split())

_LAST_NAMES = """
Abbott Abdullah Adeyemi Andersson Bakker Becker Bergström Bianchi Blom Brandt Carter Chen Cohen Costa Dekker Delgado
Diallo Dubois Eriksen Fernández Fischer Fitzgerald Fontaine García Greene Gupta Haddad Hansen Hartmann Hughes Ibrahim
Ivanova Jansen Jensen Kaya Keller Khan Kim Kowalski Kuijpers Larsson Lefèvre Lindqvist Lopes MacDonald Martins Meijer
Mensah Moreau Müller Nakamura Nguyen Novák O’Brien Okafor Olsen Öztürk Patel Pereira Petrov Quinn Rahman Ricci Rossi
Sánchez Santos Schäfer Schmidt Silva Singh Smit Sørensen Tanaka Thompson Visser Vogel Walsh Weber Wójcik Yilmaz Zhang
"""
LAST_NAMES = tuple(_LAST_NAMES.split())

SPECIAL_COMPANIES = (
    "Müller & Söhne Präzisionsgeräte GmbH",
    "שלום טכנולוגיות בע״מ",
    "مؤسسة النور للتجارة",
    "Bean There ☕ Coffee Roasters",
    "The Very Long Established Society for the Preservation of Municipal Waterways and Adjacent Footpaths of the Lower "
    "Valley",
    'Harper, Lane & Co. "Solicitors"',
    "O'Neill's Auto Body <Main Street>",
    "株式会社みなと商事",
    "Łódź Meble Sp. z o.o.",
    "50% Off Outlet Stores + More",
    "C:\\Temp Staffing",
    "Crème Brûlée Pâtisserie 🍮",
)

_COMPANY_HEADS = """
Alder Amber Ashford Aurora Baltic Beacon Birchwood Bluewater Bramble Brightside Canal Cedar Cobalt Copper Corner Crown
Delta Dune Eastgate Elmwood Evergreen Falcon Fernhill Fjord Foxglove Glacier Granite Greenfield Harbour Hawthorn
Heather Highland Hollow Ironbridge Juniper Kestrel Kingfisher Lakeside Lantern Larch Lighthouse Linden Lowland Maple
Meadow Midland Millbrook Moorland Northgate Oakley Orchard Osprey Pebble Pinecrest Polder Quarry Ravenswood Redstone
Ridgeway Riverside Rowan Saltmarsh Sandstone Sequoia Silverline Skylark Southbank Spruce Starling Stonebridge Summit
Tamarack Thornbury Tidewater Upland Valley Vineyard Walnut Waterford Westfield Wheatley Whitby Willow Windmill Yarrow
"""
COMPANY_HEADS = tuple(_COMPANY_HEADS.split())

COMPANY_TRADES = """
Accountants|Advocaten|Architects|Automotive|Bakery|Builders|Care Homes|Catering|Chemicals|Clinic|Construction|
Consulting|Dental|Design Studio|Distribution|Electronics|Energy|Engineering|Estates|Events|Farms|Finance|Florists|
Foods|Foundation|Freight|Furniture|Garden Centre|Hotels|Housing|Insurance|Interiors|Law|Logistics|Machinery|
Manufacturing|Marine|Media|Metalworks|Notaries|Optics|Packaging|Pharmacy|Plumbing|Printing|Primary School|Recruitment|
Recycling|Removals|Retail|Roofing|Security|Shipping|Software|Solar|Sports Club|Textiles|Timber|Transport|Travel|
Veterinary|Windows
""".replace("\n", "").split("|")

COMPANY_FORMS = ("Ltd", "B.V.", "GmbH", "Inc.", "LLC", "& Sons", "Group", "N.V.", "Partners", "AB", "S.A.", "")

STREETS = """
Station Road|High Street|Mill Lane|Kerkstraat|Hauptstraße|Church Street|Havenweg|Industrial Way|Park Avenue|Main Street|
Rue de la Gare|Molenweg|Bahnhofstraße|King Street|Market Square|Quay Side|Science Park|Canal Street|Queens Road|Lindenlaan
""".replace("\n", "").split("|")

TOWNS = (
    ("Tampa", "FL", "Florida", "33602", "United States"),
    ("Austin", "TX", "Texas", "78701", "United States"),
    ("Portland", "OR", "Oregon", "97204", "United States"),
    ("Columbus", "OH", "Ohio", "43215", "United States"),
    ("Utrecht", "UT", "Utrecht", "3511 AB", "Netherlands"),
    ("Eindhoven", "NB", "Noord-Brabant", "5611 EM", "Netherlands"),
    ("Groningen", "GR", "Groningen", "9711 LP", "Netherlands"),
    ("Köln", "NW", "Nordrhein-Westfalen", "50667", "Germany"),
    ("München", "BY", "Bayern", "80331", "Germany"),
    ("Leeds", "WYK", "West Yorkshire", "LS1 4AP", "United Kingdom"),
    ("Cork", "CO", "County Cork", "T12 X8N6", "Ireland"),
    ("Göteborg", "O", "Västra Götaland", "411 06", "Sweden"),
)

COUNTRIES = {
    "United States": 1,
    "Netherlands": 2,
    "Germany": 3,
    "United Kingdom": 4,
    "Ireland": 5,
    "Sweden": 6,
}

TITLES = """
Owner|Office Manager|Accountant|Receptionist|Sales Representative|Operations Director|HR Advisor|Project Lead|
Warehouse Supervisor|Marketing Officer|Finance Director|Planner|Paralegal|Head of Production|Teacher|Nurse|Controller
""".replace("\n", "").split("|")

MEMBER_TITLES = """
Service Desk Engineer|Senior Engineer|Network Engineer|Field Engineer|Dispatcher|Service Manager|Account Manager|
Security Analyst|Project Engineer
""".replace("\n", "").split("|")
