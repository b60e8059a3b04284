//! Kinds of places by the words that people use for them: "pharmacy", "apteekki lähellä Mannerheimintie 5".

use std::collections::HashMap;
use std::sync::LazyLock;

use super::fold;

/// A kind of place: what OpenStreetMap calls it, and its names in the kiosk's languages (English, Italian, German, Finnish, Swedish,
/// Greek, French, Spanish, Ukrainian, Arabic), several where people say several.
struct Kind {
    tags: &'static [&'static str],
    names: &'static str,
}

const KINDS: [Kind; 39] = [
    Kind {
        tags: &["amenity=pharmacy"],
        names: "pharmacy,pharmacies,chemist,drugstore,farmacia,farmacie,apotheke,apotheken,apteekki,apteekit,apotek,φαρμακείο,pharmacie,аптека,صيدلية",
    },
    Kind {
        tags: &["amenity=doctors", "amenity=clinic", "healthcare=doctor"],
        names: "doctor,doctors,clinic,medico,ambulatorio,arzt,ärzte,praxis,lääkäri,läkare,vårdcentral,γιατρός,médecin,médico,лікар,поліклініка,طبيب,عيادة",
    },
    Kind {
        tags: &["amenity=dentist", "healthcare=dentist"],
        names: "dentist,dentista,zahnarzt,hammaslääkäri,tandläkare,οδοντίατρος,dentiste,стоматолог,طبيب أسنان",
    },
    Kind {
        tags: &["amenity=hospital"],
        names: "hospital,hospitals,ospedale,krankenhaus,spital,sairaala,sjukhus,νοσοκομείο,hôpital,лікарня,مستشفى",
    },
    Kind {
        tags: &["amenity=school"],
        names: "school,schools,scuola,schule,koulu,skola,σχολείο,école,escuela,colegio,школа,مدرسة",
    },
    Kind {
        tags: &["amenity=kindergarten", "amenity=childcare"],
        names: "kindergarten,nursery,asilo,kita,päiväkoti,förskola,νηπιαγωγείο,maternelle,crèche,guardería,дитячий садок,روضة",
    },
    Kind {
        tags: &["amenity=university", "amenity=college"],
        names: "university,college,università,universität,hochschule,yliopisto,universitet,πανεπιστήμιο,université,universidad,університет,جامعة",
    },
    Kind {
        tags: &["amenity=library"],
        names: "library,libraries,biblioteca,bibliothek,bücherei,kirjasto,bibliotek,βιβλιοθήκη,bibliothèque,бібліотека,مكتبة",
    },
    Kind {
        tags: &["amenity=townhall"],
        names: "town hall,city hall,municipio,comune,rathaus,kaupungintalo,kunnantalo,stadshus,rådhus,δημαρχείο,mairie,ayuntamiento,мерія,بلدية",
    },
    Kind {
        tags: &["amenity=police"], names: "police,polizia,carabinieri,polizei,poliisi,polis,αστυνομία,policía,поліція,شرطة"
    },
    Kind {
        tags: &["amenity=fire_station"],
        names: "fire station,vigili del fuoco,feuerwehr,paloasema,brandstation,πυροσβεστική,pompiers,bomberos,пожежна частина,إطفاء",
    },
    Kind {
        tags: &["amenity=post_office"],
        names: "post office,post,ufficio postale,poste,postamt,posti,postkontor,ταχυδρομείο,bureau de poste,correos,пошта,بريد",
    },
    Kind { tags: &["amenity=bank"], names: "bank,banks,banca,pankki,τράπεζα,banque,banco,банк,بنك" },
    Kind {
        tags: &["amenity=atm"],
        names: "atm,cash machine,bancomat,geldautomat,pankkiautomaatti,bankomat,distributeur,cajero,банкомат,صراف آلي",
    },
    Kind {
        tags: &["shop=supermarket", "shop=convenience", "shop=grocery"],
        names: "supermarket,grocery,supermercato,supermarkt,ruokakauppa,supermarketti,mataffär,σούπερ μάρκετ,supermarché,supermercado,супермаркет,سوبرماركت",
    },
    Kind {
        tags: &["shop=bakery"],
        names: "bakery,panificio,panetteria,bäckerei,leipomo,bageri,φούρνος,boulangerie,panadería,пекарня,مخبز",
    },
    Kind {
        tags: &["amenity=cafe"], names: "cafe,coffee,caffè,kahvila,kafé,fik,καφετέρια,кафе,кав'ярня,مقهى"
    },
    Kind {
        tags: &["amenity=restaurant", "amenity=fast_food"],
        names: "restaurant,restaurants,ristorante,ravintola,restaurang,εστιατόριο,restaurante,ресторан,مطعم",
    },
    Kind { tags: &["amenity=bar", "amenity=pub"], names: "bar,pub,kneipe,baari,krog,μπαρ,бар" },
    Kind {
        tags: &["amenity=toilets"],
        names: "toilet,toilets,restroom,wc,bagno,bagni,gabinetti,toilette,toiletten,vessa,toalett,τουαλέτα,toilettes,aseos,baños,туалет,مرحاض",
    },
    Kind {
        tags: &["amenity=parking"],
        names: "parking,car park,parcheggio,parkplatz,pysäköinti,parkering,πάρκινγκ,stationnement,aparcamiento,парковка,موقف سيارات",
    },
    Kind {
        tags: &["amenity=bicycle_parking", "amenity=bicycle_rental", "shop=bicycle"],
        names: "bicycle,bike,bikes,bicicletta,fahrrad,polkupyörä,pyörä,cykel,ποδήλατο,vélo,bicicleta,велосипед,دراجة",
    },
    Kind {
        tags: &["highway=bus_stop", "public_transport=platform", "public_transport=stop_position"],
        names: "bus stop,bus,fermata,bushaltestelle,haltestelle,bussipysäkki,pysäkki,busshållplats,στάση,arrêt,parada,зупинка,موقف حافلة",
    },
    Kind {
        tags: &["railway=station", "railway=halt", "public_transport=station", "railway=subway_entrance"],
        names: "station,train station,stazione,bahnhof,rautatieasema,asema,metro,σταθμός,gare,estación,вокзал,станція,محطة",
    },
    Kind {
        tags: &["leisure=playground"],
        names: "playground,parco giochi,spielplatz,leikkipuisto,leikkikenttä,lekplats,παιδική χαρά,aire de jeux,parque infantil,дитячий майданчик,ملعب أطفال",
    },
    Kind {
        tags: &["leisure=park", "leisure=garden"],
        names: "park,parks,parco,giardino,puisto,πάρκο,parc,jardin,parque,парк,حديقة",
    },
    Kind {
        tags: &["leisure=sports_centre", "leisure=pitch", "leisure=stadium", "leisure=swimming_pool"],
        names: "sports,palestra,sportplatz,urheilu,liikuntahalli,idrott,γυμναστήριο,sport,deporte,спорт,رياضة",
    },
    Kind {
        tags: &["amenity=place_of_worship"],
        names: "church,mosque,synagogue,temple,chiesa,kirche,kirkko,kyrka,εκκλησία,église,iglesia,церква,مسجد,كنيسة",
    },
    Kind {
        tags: &["tourism=museum", "tourism=gallery"], names: "museum,museums,museo,μουσείο,musée,музей,متحف"
    },
    Kind {
        tags: &["tourism=hotel", "tourism=hostel", "tourism=guest_house"],
        names: "hotel,hotels,albergo,hotelli,hotell,ξενοδοχείο,hôtel,готель,فندق",
    },
    Kind {
        tags: &["amenity=fuel", "amenity=charging_station"],
        names: "petrol,gas station,fuel,charging,benzinaio,tankstelle,huoltoasema,latauspiste,bensinstation,βενζινάδικο,station-service,gasolinera,заправка,محطة وقود",
    },
    Kind {
        tags: &["amenity=recycling", "amenity=waste_disposal"],
        names: "recycling,riciclaggio,isola ecologica,recycling,wertstoffhof,kierrätys,återvinning,ανακύκλωση,recyclage,déchetterie,reciclaje,переробка,إعادة تدوير",
    },
    Kind {
        tags: &["amenity=drinking_water"],
        names: "drinking water,water tap,fontanella,acqua potabile,trinkwasser,trinkbrunnen,juomavesi,vesipiste,dricksvatten,πόσιμο νερό,eau potable,fontaine à boire,agua potable,питна вода,مياه الشرب",
    },
    Kind {
        tags: &["amenity=post_box"],
        names: "post box,letter box,mailbox,buca delle lettere,cassetta postale,briefkasten,postilaatikko,brevlåda,γραμματοκιβώτιο,boîte aux lettres,buzón,поштова скринька,صندوق بريد",
    },
    Kind {
        tags: &["amenity=telephone"],
        names: "telephone,phone,phone box,telefono,cabina telefonica,telefon,telefonzelle,puhelin,puhelinkoppi,telefonkiosk,τηλέφωνο,téléphone,cabine téléphonique,teléfono,телефон,هاتف",
    },
    Kind {
        tags: &["emergency=defibrillator"],
        names: "defibrillator,aed,defibrillatore,defibrillaattori,hjärtstartare,απινιδωτής,défibrillateur,dae,dea,desfibrilador,дефібрилятор,مزيل الرجفان",
    },
    Kind {
        tags: &["amenity=bench"],
        names: "bench,benches,panchina,panchine,sitzbank,penkki,bänk,παγκάκι,banc,banco para sentarse,asiento,лавка,лавочка,مقعد",
    },
    Kind {
        tags: &["amenity=cinema", "amenity=theatre"],
        names: "cinema,theatre,theater,teatro,kino,elokuvateatteri,teatteri,bio,teater,σινεμά,θέατρο,cinéma,théâtre,cine,кінотеатр,театр,سينما,مسرح",
    },
    Kind {
        tags: &["shop=hairdresser"],
        names: "hairdresser,barber,parrucchiere,friseur,kampaamo,parturi,frisör,κομμωτήριο,coiffeur,peluquería,перукарня,حلاق",
    },
];

/// What the words name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// As OpenStreetMap's `key=value`.
    pub tags: &'static [&'static str],
    /// The name that was typed, as it is written in its language: what has no name of its own is called that.
    pub name: &'static str,
}

/// Kinds by name, folded and without spaces: folding all names anew at every letter that is typed would be most of the work.
static TAGS: LazyLock<HashMap<String, Wanted>> = LazyLock::new(|| {
    let mut tags = HashMap::new();
    for kind in &KINDS {
        for name in kind.names.split(',') {
            // A name of two kinds is that of the first.
            tags.entry(fold::words(name).concat()).or_insert(Wanted { tags: kind.tags, name });
        }
    }
    tags
});

/// Words for "near", folded.
const NEAR: [&str; 22] = [
    "near",
    "by",
    "around",
    "nearby",
    "vicino",
    "presso",
    "bei",
    "lahella",
    "luona",
    "nara",
    "vid",
    "κοντα",
    "pres",
    "proche",
    "cerca",
    "junto",
    "біля",
    "поруч",
    "قرب",
    "بالقرب",
    "close",
    "nahe",
];
/// What follows or goes before them and says nothing.
const FILLING: [&str; 22] = [
    "to", "the", "of", "a", "al", "alla", "allo", "di", "in", "der", "von", "av", "de", "du", "la", "le", "l", "σε", "στο",
    "στη", "з", "من",
];

/// What is looked for, if the words name a kind of place; and the words of where, if they say near what.
pub fn read(words: &[String]) -> Option<(Wanted, &[String])> {
    let near = words.iter().position(|word| NEAR.contains(&word.as_str()));
    let name = words.get(..near.unwrap_or(words.len()))?;
    let filling = name.iter().rev().take_while(|word| near.is_some() && FILLING.contains(&word.as_str())).count();
    let name = name.get(..name.len().saturating_sub(filling))?.concat();
    let place = words.get(near.map_or(words.len(), |near| near + 1)..)?;
    let filling = place.iter().take_while(|word| FILLING.contains(&word.as_str())).count();
    if name.is_empty() {
        return None;
    }
    Some((*TAGS.get(&name)?, place.get(filling..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> Option<(&'static str, String)> {
        let words = fold::words(text);
        read(&words).map(|(wanted, place)| (wanted.tags[0], place.join(" ")))
    }

    #[test]
    fn kinds_are_known_in_every_language() {
        for text in [
            "pharmacy",
            "Farmacia",
            "Apotheke",
            "apteekki",
            "apotek",
            "φαρμακείο",
            "ΦΑΡΜΑΚΕΙΟ",
            "pharmacie",
            "farmacia",
            "аптека",
            "صيدلية",
        ] {
            assert_eq!(kind(text), Some(("amenity=pharmacy", String::new())), "{text}");
        }
        assert_eq!(kind("Rathausstraße"), None);
        assert_eq!(kind("near Market Street"), None);
    }

    #[test]
    fn what_has_no_name_is_called_as_it_was_asked_for() {
        let name = |text: &str| read(&fold::words(text)).map(|(wanted, _)| wanted.name);
        assert_eq!(name("TOALETT"), Some("toalett"));
        assert_eq!(name("dea"), Some("dea"));
        assert_eq!(name("hjartstartare"), Some("hjärtstartare"));
        for (tag, names) in [
            (
                "amenity=toilets",
                ["toilets", "bagni", "toiletten", "vessa", "toalett", "τουαλέτα", "toilettes", "aseos", "туалет", "مرحاض"],
            ),
            (
                "amenity=drinking_water",
                [
                    "drinking water",
                    "acqua potabile",
                    "trinkwasser",
                    "juomavesi",
                    "dricksvatten",
                    "πόσιμο νερό",
                    "eau potable",
                    "agua potable",
                    "питна вода",
                    "مياه الشرب",
                ],
            ),
            (
                "amenity=post_box",
                [
                    "post box",
                    "buca delle lettere",
                    "briefkasten",
                    "postilaatikko",
                    "brevlåda",
                    "γραμματοκιβώτιο",
                    "boîte aux lettres",
                    "buzón",
                    "поштова скринька",
                    "صندوق بريد",
                ],
            ),
        ] {
            for name in names {
                assert_eq!(kind(name), Some((tag, String::new())), "{name}");
            }
        }
    }

    #[test]
    fn near_what_is_understood() {
        for text in [
            "pharmacy near Market Street 5",
            "pharmacy close to Market Street 5",
            "apteekki lähellä Market Street 5",
            "farmacia vicino a Market Street 5",
            "Apotheke in der Nähe von Market Street 5",
            "pharmacie près de la Market Street 5",
            "farmacia cerca de Market Street 5",
            "apotek nära Market Street 5",
            "φαρμακείο κοντά στη Market Street 5",
            "صيدلية بالقرب من Market Street 5",
        ] {
            assert_eq!(kind(text), Some(("amenity=pharmacy", "market street 5".to_owned())), "{text}");
        }
    }
}
