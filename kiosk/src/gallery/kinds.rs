//! The categories that every town starts with, in the words of its catalogue: what a screen must have room for.

/// Icon, letter, and name and description in the languages of the pictures.
pub const KINDS: [(&str, char, [&str; 4], [&str; 4]); 13] = [
    (
        "light",
        'L',
        ["Street lighting", "Illuminazione pubblica", "Straßenbeleuchtung", "Katuvalaistus"],
        [
            "A lamp that is out, flickers, burns by day, or a place that is too dark",
            "Un lampione spento, che lampeggia, acceso di giorno, o un luogo troppo buio",
            "Eine Lampe ist aus, flackert, brennt am Tag, oder ein Ort ist zu dunkel",
            "Valo on pimeänä, välkkyy, palaa päivällä tai paikka on liian pimeä",
        ],
    ),
    (
        "road",
        'R',
        ["Roads and pavements", "Strade e marciapiedi", "Straßen und Gehwege", "Kadut ja jalkakäytävät"],
        [
            "Potholes, loose slabs, broken kerbs, ice and snow",
            "Buche, lastre smosse, cordoli rotti, ghiaccio e neve",
            "Schlaglöcher, lose Platten, kaputte Bordsteine, Eis und Schnee",
            "Kuopat, irtolaatat, rikkinäiset reunakivet, jää ja lumi",
        ],
    ),
    (
        "waste",
        'W',
        ["Waste and dirt", "Rifiuti e sporcizia", "Abfall und Schmutz", "Jätteet ja lika"],
        [
            "Full bins, dumped rubbish, dirty streets and squares",
            "Cestini pieni, rifiuti abbandonati, strade e piazze sporche",
            "Volle Behälter, wilder Müll, schmutzige Straßen und Plätze",
            "Täydet roska-astiat, luvattomat jätteet, likaiset kadut ja aukiot",
        ],
    ),
    (
        "graffiti",
        'G',
        ["Graffiti and stickers", "Scritte e adesivi", "Graffiti und Aufkleber", "Töhryt ja tarrat"],
        [
            "Paint, posters and stickers where they do not belong",
            "Scritte, manifesti e adesivi dove non devono stare",
            "Farbe, Plakate und Aufkleber, wo sie nicht hingehören",
            "Maalia, julisteita ja tarroja väärissä paikoissa",
        ],
    ),
    (
        "tree",
        'T',
        ["Trees and parks", "Alberi e parchi", "Bäume und Parks", "Puut ja puistot"],
        [
            "Broken branches, lawns, flower beds, hedges in the way",
            "Rami spezzati, prati, aiuole, siepi che ingombrano",
            "Abgebrochene Äste, Rasen, Beete, Hecken im Weg",
            "Katkenneet oksat, nurmikot, istutukset, tiellä olevat pensaat",
        ],
    ),
    (
        "play",
        'P',
        ["Playgrounds and sport", "Aree gioco e sport", "Spielplätze und Sport", "Leikkipaikat ja liikunta"],
        [
            "Broken equipment, sand, nets and courts",
            "Attrezzi rotti, sabbia, reti e campi",
            "Kaputte Geräte, Sand, Netze und Plätze",
            "Rikkinäiset välineet, hiekka, verkot ja kentät",
        ],
    ),
    (
        "bench",
        'B',
        ["Benches and street furniture", "Panchine e arredo urbano", "Bänke und Stadtmobiliar", "Penkit ja kalusteet"],
        [
            "Benches, tables, railings, bicycle stands",
            "Panchine, tavoli, ringhiere, rastrelliere",
            "Bänke, Tische, Geländer, Fahrradständer",
            "Penkit, pöydät, kaiteet, pyörätelineet",
        ],
    ),
    (
        "water",
        'H',
        ["Water and drains", "Acqua e fognature", "Wasser und Abfluss", "Vesi ja viemärit"],
        [
            "Leaks, blocked drains, flooding, fountains",
            "Perdite, tombini otturati, allagamenti, fontane",
            "Lecks, verstopfte Gullys, Überschwemmung, Brunnen",
            "Vuodot, tukkeutuneet kaivot, tulviminen, suihkulähteet",
        ],
    ),
    (
        "sign",
        'S',
        ["Signs and traffic lights", "Segnaletica e semafori", "Schilder und Ampeln", "Liikennemerkit ja valot"],
        [
            "Signs, road markings and signals that are wrong, broken or missing",
            "Cartelli, strisce e semafori sbagliati, rotti o mancanti",
            "Schilder, Markierungen und Ampeln, die falsch oder kaputt sind oder fehlen",
            "Väärät, rikkinäiset tai puuttuvat merkit, maalaukset ja valot",
        ],
    ),
    (
        "bus",
        'U',
        [
            "Stops and public transport",
            "Fermate e trasporto pubblico",
            "Haltestellen und Nahverkehr",
            "Pysäkit ja joukkoliikenne",
        ],
        [
            "Shelters, timetables and seats at stops",
            "Pensiline, orari e sedili alle fermate",
            "Wartehäuschen, Fahrpläne und Sitze an Haltestellen",
            "Katokset, aikataulut ja istuimet pysäkeillä",
        ],
    ),
    (
        "building",
        'E',
        ["Public buildings", "Edifici pubblici", "Öffentliche Gebäude", "Julkiset rakennukset"],
        [
            "Schools, libraries, toilets, lifts and entrances of the town",
            "Scuole, biblioteche, bagni, ascensori e ingressi del Comune",
            "Schulen, Büchereien, Toiletten, Aufzüge und Eingänge der Stadt",
            "Kaupungin koulut, kirjastot, käymälät, hissit ja sisäänkäynnit",
        ],
    ),
    (
        "animal",
        'A',
        ["Animals", "Animali", "Tiere", "Eläimet"],
        [
            "Dead or injured animals, pests, nests in the way",
            "Animali morti o feriti, infestazioni, nidi",
            "Tote oder verletzte Tiere, Schädlinge, Nester",
            "Kuolleet tai loukkaantuneet eläimet, tuholaiset, pesät",
        ],
    ),
    (
        "other",
        'O',
        ["Something else", "Altro", "Etwas anderes", "Jotain muuta"],
        [
            "Anything that fits nowhere else",
            "Tutto ciò che non rientra altrove",
            "Alles, was sonst nirgends passt",
            "Kaikki, mikä ei sovi muualle",
        ],
    ),
];
