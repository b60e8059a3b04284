//! The panel's own words, in the languages of the first towns.

/// A language that the panel speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    #[default]
    English,
    German,
    Italian,
    Finnish,
}

impl Language {
    pub const ALL: [Language; 4] = [Language::English, Language::German, Language::Italian, Language::Finnish];

    /// By its code, with or without a region: `de`, `de-AT`. Whatever is not spoken here is English.
    pub fn of(code: Option<&str>) -> Language {
        match code.and_then(|code| code.split(['-', '_']).next()).unwrap_or_default().to_ascii_lowercase().as_str() {
            "de" => Language::German,
            "it" => Language::Italian,
            "fi" => Language::Finnish,
            _ => Language::English,
        }
    }

    pub fn code(self) -> &'static str {
        ["en", "de", "it", "fi"][self as usize]
    }

    pub fn say(self, word: Word) -> &'static str {
        word.in_all()[self as usize]
    }

    /// The word with `{}` replaced.
    pub fn say_with(self, word: Word, inside: &str) -> String {
        self.say(word).replacen("{}", inside, 1)
    }
}

/// Rows of the table: the name in the code, then English, German, Italian, Finnish.
macro_rules! words {
    ($($name:ident $english:literal $german:literal $italian:literal $finnish:literal)*) => {
        /// Something the panel says.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Word { $($name),* }

        impl Word {
            pub const ALL: &'static [Word] = &[$(Word::$name),*];

            fn in_all(self) -> [&'static str; 4] {
                match self { $(Word::$name => [$english, $german, $italian, $finnish]),* }
            }
        }
    };
}

words! {
    // Pages
    Address "Address" "Adresse" "Indirizzo" "Osoite"
    Site "Site" "Standort" "Sito" "Paikka"
    Data "Data" "Daten" "Dati" "Tiedot"
    Machine "Machine" "Gerät" "Macchina" "Laite"
    Clock "Clock" "Uhr" "Orologio" "Kello"
    Pair "Pairing" "Koppeln" "Abbinamento" "Parita"
    Fault "Fault" "Störung" "Guasto" "Vika"
    Note "Note" "Hinweis" "Avviso" "Huomio"
    Hint "Before you go" "Zum Schluss" "Prima di andare" "Lopuksi"

    // Rows
    Town "Town" "Stadt" "Città" "Kunta"
    Serial "Serial" "Serie" "Matricola" "Sarja"
    HostKey "SSH key" "SSH-Key" "Chiave SSH" "SSH-avain"
    Name "Name" "Name" "Nome" "Nimi"
    Cable "Cable" "Kabel" "Cavo" "Kaapeli"
    Slot "Slot" "Slot" "Slot" "Slotti"
    Version "Version" "Version" "Versione" "Versio"
    State "State" "Zustand" "Stato" "Tila"
    Store "Store" "Speicher" "Archivio" "Varasto"
    Reports "Reports" "Meldungen" "Segnalazioni" "Ilmoitukset"
    Kiosk "Kiosk" "Kiosk" "Chiosco" "Kioski"
    Free "Free" "Frei" "Libero" "Vapaana"
    Synced "Synced" "Abgleich" "Sincr." "Synkr."
    Peers "Other boxes" "Weitere" "Altri" "Muut"
    Temperature "Temperature" "Temperatur" "Temperatura" "Lämpötila"
    Life "Disk life" "Disk-Rest" "Vita disco" "Levyn ikä"
    Running "Running" "Läuft seit" "Acceso da" "Käynnissä"
    Time "Time" "Zeit" "Ora" "Aika"
    Trust "Trust" "Vertrauen" "Fiducia" "Varmuus"
    Source "Source" "Quelle" "Fonte" "Lähde"
    Code "Code" "Code" "Codice" "Koodi"
    Login "Log in" "Anmelden" "Accesso" "Kirjaudu"

    // Values
    Plugged "plugged in" "steckt" "collegato" "kytketty"
    Unplugged "unplugged" "steckt nicht" "scollegato" "irti"
    NoAddress "no address" "keine Adresse" "nessun indirizzo" "ei osoitetta"
    Good "good" "gut" "buono" "hyvä"
    OnTrial "on trial" "auf Probe" "in prova" "koekäytössä"
    Open "open" "offen" "aperto" "auki"
    Starting "starting" "startet" "in avvio" "käynnistyy"
    ReadOnly "read-only" "nur lesbar" "sola lettura" "vain luku"
    Down "down" "steht" "fermo" "alhaalla"
    Shown "on screen" "sichtbar" "visibile" "näkyy"
    WithoutScreen "no screen" "kein Schirm" "senza schermo" "ei näyttöä"
    Alone "none" "keine" "nessuna" "ei muita"
    Verified "verified" "bestätigt" "verificato" "varmistettu"
    Unverified "not verified" "unbestätigt" "non verificato" "ei varmistettu"
    Left "{} left" "noch {}" "ancora {}" "{} jäljellä"
    Ago "{} ago" "vor {}" "{} fa" "{} sitten"
    Day "d" "T" "g" "pv"
    ScanOrType "Scan, or type the code" "Scannen oder Code eingeben" "Scansiona o digita il codice" "Skannaa tai kirjoita koodi"
    TypeCode "Type the code" "Code eingeben" "Digita il codice" "Kirjoita koodi"

    // Faults: what is the case, then what to do
    StoreReadOnlyIs "The store is read-only." "Der Speicher ist nur lesbar." "L'archivio è in sola lettura." "Varasto on vain luettavissa."
    StoreReadOnlyDo "Check the disk, then start the box again." "Datenträger prüfen, dann neu starten." "Controlla il disco, poi riavvia." "Tarkista levy ja käynnistä uudelleen."
    StoreDownIs "The daemon does not answer." "Der Dienst antwortet nicht." "Il servizio non risponde." "Palvelu ei vastaa."
    StoreDownDo "Wait two minutes, then start the box again." "Zwei Minuten warten, dann neu starten." "Aspetta due minuti, poi riavvia." "Odota kaksi minuuttia, käynnistä sitten uudelleen."
    DiskTroubleIs "The disk does not answer as it should." "Der Datenträger antwortet nicht, wie er soll." "Il disco non risponde come dovrebbe." "Levy ei vastaa kunnolla."
    DiskTroubleDo "Replace the disk." "Datenträger ersetzen." "Sostituisci il disco." "Vaihda levy."
    DiskFullIs "The disk is full: {} free." "Datenträger voll: {} frei." "Disco pieno: {} liberi." "Levy on täynnä: {} vapaana."
    DiskFullDo "Fit a larger disk." "Größeren Datenträger einbauen." "Monta un disco più grande." "Vaihda suurempi levy."
    DiskWornIs "The disk is worn: {}\u{a0}% of its life used." "Datenträger abgenutzt: {}\u{a0}% verbraucht." "Disco usurato: {}\u{a0}% della vita usato." "Levy on kulunut: {}\u{a0}% iästä käytetty."
    DiskWornDo "Replace the disk soon." "Datenträger bald ersetzen." "Sostituisci presto il disco." "Vaihda levy pian."
    RolledBackIs "Update {} was undone." "Update {} wurde zurückgenommen." "Aggiornamento {} annullato." "Päivitys {} peruttiin."
    RolledBackDo "The previous one runs. Send a support bundle." "Die vorige Version läuft. Support-Paket senden." "Gira la precedente. Invia i dati al supporto." "Edellinen versio toimii. Lähetä tukipaketti."
    TooHotIs "The box is too hot: {}\u{a0}°C." "Das Gerät ist zu heiß: {}\u{a0}°C." "Troppo calda: {}\u{a0}°C." "Laite on liian kuuma: {}\u{a0}°C."
    TooHotDo "Clear the air vents; keep out of the sun." "Lüftung freimachen, nicht in die Sonne." "Libera le prese d'aria; evita il sole." "Avaa ilma-aukot; suojaa auringolta."
    KioskDownIs "The kiosk's screen is down." "Der Kiosk-Bildschirm steht." "Lo schermo del chiosco è fermo." "Kioskin näyttö ei toimi."
    KioskDownDo "Check the screen's cable and power." "Kabel und Strom des Bildschirms prüfen." "Controlla cavo e corrente dello schermo." "Tarkista näytön kaapeli ja virta."
    RefusedIs "appliance.toml was not taken." "appliance.toml wurde nicht übernommen." "appliance.toml non è stato accettato." "appliance.toml hylättiin."
    RefusedDo "See problems.txt on PROVISION." "Siehe problems.txt auf PROVISION." "Vedi problems.txt su PROVISION." "Katso problems.txt PROVISIONissa."
    ClockIs "The clock is not verified." "Die Uhr ist nicht bestätigt." "L'orologio non è verificato." "Kelloa ei ole varmistettu."
    ClockDo "Set it at the console, or connect a time server." "An der Konsole stellen oder Zeitserver verbinden." "Regolalo dalla console o collega un server dell'ora." "Aseta konsolissa tai yhdistä aikapalvelin."
    SyncOldIs "Last exchange with other boxes: {}\u{a0}ago." "Letzter Abgleich mit anderen: vor\u{a0}{}." "Ultimo scambio con gli altri: {}\u{a0}fa." "Viimeinen vaihto muiden kanssa: {}\u{a0}sitten."
    SyncOldDo "Check the network, or carry facts by stick." "Netz prüfen oder per Stick übertragen." "Controlla la rete o usa una chiavetta." "Tarkista verkko tai siirrä tikulla."
    CaptiveIs "The network asks for a login page." "Das Netz verlangt eine Anmeldeseite." "La rete chiede un accesso via web." "Verkko vaatii kirjautumissivun."
    CaptiveDo "Ask its keeper to let this box through." "Betreiber bitten, das Gerät freizuschalten." "Chiedi al gestore di lasciar passare la macchina." "Pyydä ylläpitäjää päästämään laite."
    OfflineIs "No network. That is fine:" "Kein Netz. Das ist in Ordnung:" "Nessuna rete. Va bene così:" "Ei verkkoa. Se ei haittaa:"
    OfflineDo "the box works on its own." "Das Gerät arbeitet allein." "la macchina lavora da sola." "laite toimii yksinään."
    HintIs "Does the box start by itself when power returns?" "Startet das Gerät von selbst, wenn der Strom wiederkommt?" "Riparte da sola quando torna la corrente?" "Käynnistyykö laite itse, kun sähkö palaa?"
    HintDo "Firmware: restore on AC power loss = on." "Firmware: restore on AC power loss = on." "Firmware: restore on AC power loss = on." "Firmware: restore on AC power loss = on."

    // Button
    NextPage "Button: next page" "Knopf: nächste Seite" "Pulsante: pagina seguente" "Nappi: seuraava sivu"
    Reading "readings are {} old" "Werte sind {} alt" "letture di {} fa" "lukemat {} vanhoja"
    Old "{} old" "{} alt" "{} fa" "{} vanha"
    NoReadings "no readings" "keine Werte" "nessuna lettura" "ei lukemia"
    Reset "Factory reset" "Zurücksetzen" "Ripristino" "Palautus"
    KeepHolding "Keep holding" "Weiter halten" "Tieni premuto" "Pidä painettuna"
    LetGo "Let go to cancel." "Loslassen bricht ab." "Rilascia per annullare." "Päästä irti, niin se peruuntuu."
    ShortNext "Short: next choice" "Kurz: nächste Wahl" "Breve: scelta dopo" "Lyhyt: seuraava"
    HoldDo "Hold 3 s: do it" "3 s halten: ausführen" "Tieni 3 s: esegui" "Pidä 3 s: suorita"
    Cancel "Cancel" "Abbrechen" "Annulla" "Peruuta"
    ResetSettings "Settings" "Einstellungen" "Impostazioni" "Asetukset"
    ResetData "Data" "Daten" "Dati" "Tiedot"
    ResetFull "Everything" "Alles" "Tutto" "Kaikki"
    ResetSettingsIs "Reports stay." "Meldungen bleiben." "Le segnalazioni restano." "Ilmoitukset säilyvät."
    ResetDataIs "All reports are lost." "Alle Meldungen gehen verloren." "Si perdono le segnalazioni." "Ilmoitukset katoavat."
    ResetFullIs "Reports, settings and identity are lost." "Meldungen, Einstellungen, Identität weg." "Si perde tutto, anche l'identità." "Kaikki katoaa, myös identiteetti."
    ResetAsked "The box starts again for it." "Das Gerät startet dafür neu." "La macchina si riavvia." "Laite käynnistyy uudelleen."
    ResetFailed "It could not be asked for." "Konnte nicht angefordert werden." "Richiesta non riuscita." "Pyyntö ei onnistunut."

    // Boot and recovery
    BootFirmware "Waking the machine" "Gerät wacht auf" "Avvio della macchina" "Laite herää"
    BootDisk "Finding the disk" "Datenträger suchen" "Ricerca del disco" "Etsitään levyä"
    BootReset "Factory reset" "Zurücksetzen" "Ripristino" "Palautetaan"
    BootVerify "Checking the system" "System prüfen" "Controllo del sistema" "Tarkistetaan järjestelmä"
    BootData "Checking the data" "Daten prüfen" "Controllo dei dati" "Tarkistetaan tiedot"
    BootFirst "Preparing for the first start" "Ersten Start vorbereiten" "Preparazione del primo avvio" "Valmistellaan ensikäynnistys"
    BootSystem "Starting the services" "Dienste starten" "Avvio dei servizi" "Käynnistetään palvelut"
    Recovery "Recovery" "Rettung" "Ripristino d'emergenza" "Palautustila"
    RecoveryWhy "What is wrong" "Was nicht geht" "Cosa non va" "Mikä on vialla"
    RecoveryChoose "What now?" "Was nun?" "E adesso?" "Mitä nyt?"
    RecoveryKeys "Arrow keys choose, Enter does it" "Pfeiltasten wählen, Enter führt aus" "Frecce per scegliere, Invio per eseguire" "Nuolet valitsevat, Enter suorittaa"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_there_in_every_language_with_the_same_gaps() {
        for word in Word::ALL {
            let all = word.in_all();
            assert!(all.iter().all(|text| !text.trim().is_empty()), "{word:?}");
            let gaps = all.map(|text| text.matches("{}").count());
            assert!(gaps.iter().all(|count| *count == gaps[0]), "{word:?}: {all:?}");
        }
    }

    #[test]
    fn languages_are_found_by_code() {
        assert_eq!(Language::of(Some("de-AT")), Language::German);
        assert_eq!(Language::of(Some("FI")), Language::Finnish);
        assert_eq!(Language::of(Some("xx")), Language::English);
        assert_eq!(Language::of(None), Language::English);
        for language in Language::ALL {
            assert_eq!(Language::of(Some(language.code())), language);
        }
    }
}
