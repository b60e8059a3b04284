//! The menu: lines that were typed, to what is to be done. Numbers and plain words alone, for any keyboard and a serial line.

use crate::reset::Tier;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Menu {
    Top,
    /// Which tier of a factory reset.
    Tier,
    /// The word that confirms it.
    Word(Tier),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    Start(char),
    Restart,
    Export,
    Reset(Tier),
    PowerOff,
}

/// Typed in front of the tier's name: nobody wipes a box by a wrong number.
const WORD: &str = "erase";

impl Menu {
    /// What can be chosen by number, from 1 on.
    pub fn labels(self) -> Vec<String> {
        match self {
            Menu::Top => [
                "start slot A",
                "start slot B",
                "try again: restart the box",
                "save the logs: to a USB stick, or to the PROVISION partition",
                "factory reset",
                "power off",
            ]
            .map(str::to_owned)
            .to_vec(),
            Menu::Tier => Tier::ALL.iter().map(|tier| format!("{tier}: {}", tier.effect())).collect(),
            Menu::Word(_) => Vec::new(),
        }
    }

    /// For terminals.
    pub fn text(self) -> String {
        let labels: String = self.labels().iter().zip(1..).map(|(label, number)| format!("  {number}  {label}\n")).collect();
        match self {
            Menu::Top => format!("{labels}Type a number, then Enter: "),
            Menu::Tier => format!("Factory reset. Which?\n{labels}Type a number, or Enter alone to go back: "),
            Menu::Word(tier) => format!(
                "This {}. There is no way back.\nType \"{WORD} {tier}\" to do it, or Enter alone to go back: ",
                tier.effect()
            ),
        }
    }

    /// For a picture that shows the labels by itself.
    pub fn question(self) -> Option<String> {
        match self {
            Menu::Top => None,
            Menu::Tier => Some("Factory reset. Which?".to_owned()),
            Menu::Word(tier) => {
                Some(format!("This {}. Type \"{WORD} {tier}\" to do it, or Enter alone to go back.", tier.effect()))
            }
        }
    }

    /// What is asked for next, and what is to be done, after this line.
    pub fn enter(self, line: &str) -> (Menu, Option<Choice>) {
        let line = line.trim();
        let chosen = |choice| (Menu::Top, Some(choice));
        match (self, line) {
            (Menu::Top, "1") => chosen(Choice::Start('a')),
            (Menu::Top, "2") => chosen(Choice::Start('b')),
            (Menu::Top, "3") => chosen(Choice::Restart),
            (Menu::Top, "4") => chosen(Choice::Export),
            (Menu::Top, "5") => (Menu::Tier, None),
            (Menu::Top, "6") => chosen(Choice::PowerOff),
            (Menu::Tier, _) => {
                let tier = Tier::ALL.into_iter().zip(1..).find(|(_, number): &(Tier, u32)| line == number.to_string());
                (tier.map_or(Menu::Top, |(tier, _)| Menu::Word(tier)), None)
            }
            (Menu::Word(tier), _) if line == format!("{WORD} {tier}") => chosen(Choice::Reset(tier)),
            (Menu::Top | Menu::Word(_), _) => (Menu::Top, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn typed(lines: &[&str]) -> (Menu, Vec<Choice>) {
        let mut menu = Menu::Top;
        let mut choices = Vec::new();
        for line in lines {
            let (next, choice) = menu.enter(line);
            menu = next;
            choices.extend(choice);
        }
        (menu, choices)
    }

    #[test]
    fn each_number_does_what_stands_beside_it() {
        let numbers = ["1", " 2\r", "3", "4", "6"];
        let expect = [Choice::Start('a'), Choice::Start('b'), Choice::Restart, Choice::Export, Choice::PowerOff];
        assert_eq!(typed(&numbers), (Menu::Top, expect.to_vec()));
        assert_eq!(typed(&["", "7", "11", "start", "\u{0}"]), (Menu::Top, vec![]));
    }

    #[test]
    fn a_reset_takes_number_number_and_word() {
        assert_eq!(typed(&["5", "3", "erase data"]), (Menu::Top, vec![Choice::Reset(Tier::Data)]));
        assert_eq!(typed(&["5", "4", "erase full"]), (Menu::Top, vec![Choice::Reset(Tier::Full)]));
        for wrong in [
            &["5", "3", "erase full"][..],
            &["5", "3", ""],
            &["5", "3", "erase"],
            &["5", "", "erase data"],
            &["5", "5", "erase data"],
        ] {
            assert_eq!(typed(wrong), (Menu::Top, vec![]), "{wrong:?}");
        }
        assert!(Menu::Word(Tier::Data).text().contains("\"erase data\""));
        assert!(Menu::Tier.text().contains("3  data: wipes all data"));
    }

    proptest! {
        #[test]
        fn nothing_is_erased_without_the_word(lines in prop::collection::vec("[0-9 ]{0,3}|data|erase|[a-z]{1,8}", 0..12)) {
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            let (_, choices) = typed(&lines);
            prop_assert!(!choices.iter().any(|choice| matches!(choice, Choice::Reset(_))));
        }
    }
}
