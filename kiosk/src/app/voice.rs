//! Reading aloud, as far as it is decided: whether, how fast, how loud, in the dark or not, and by which switches. All of it is part
//! of the session, so that the end of a session sets loudness and everything else back (EN 301 549, 5.1.3.13).

use super::*;

/// Speeds in percent of the first one, which is about 125 words a minute (VVSG 2.0, 7.1-N: 50 to 200 % in 6 to 8 steps).
pub const RATES_PERCENT: [u16; 7] = [50, 75, 100, 125, 150, 175, 200];
const FIRST_RATE: usize = 2;

/// Loudness in dB below the loudest: 30 dB from end to end, with a step 12 dB above the least (EN 301 549, 5.1.3.11 asks for 18 dB).
pub const GAINS_DB: [f32; 6] = [-30.0, -24.0, -18.0, -12.0, -6.0, 0.0];
const FIRST_GAIN: usize = 3;

/// What hears the kiosk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Channel {
    /// Everybody near it: nothing personal is said.
    #[default]
    Loudspeaker,
    Headphones,
}

/// What the kiosk is operated with beside touch and a plain keyboard; told by whoever installs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Keypad {
    #[default]
    None,
    /// Keys that send arrows, Return and F1.
    Arrows,
    /// A block of digits: 4 and 6 (or 8 and 2) move, 5 with its mark chooses, 0 says it again.
    Numbers,
    /// Two switches, or sip and puff, that send any two keys.
    Switches,
}

/// What of the voice lies over the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum VoiceSheet {
    #[default]
    None,
    /// Speed, loudness, darkness.
    Menu,
    /// Learning which two switches there are.
    Switches,
    /// Choosing a place without seeing a map.
    Compass,
}

/// Two switches and what they do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switches {
    pub moves: String,
    pub chooses: String,
}

/// How one resident has the screen read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voice {
    pub on: bool,
    /// It began because headphones were plugged in, and ends when they are pulled out.
    pub by_plug: bool,
    /// Which of [`RATES_PERCENT`].
    pub rate: usize,
    /// Which of [`GAINS_DB`].
    pub gain: usize,
    pub dark: bool,
    pub sheet: VoiceSheet,
    pub switches: Option<Switches>,
    /// While they are learnt: the first one, once pressed.
    pub first_switch: Option<String>,
    /// So often the first switch was pressed where the second was asked for.
    pub same_switch: u32,
}

impl Default for Voice {
    fn default() -> Voice {
        Voice {
            on: false,
            by_plug: false,
            rate: FIRST_RATE,
            gain: FIRST_GAIN,
            dark: false,
            sheet: VoiceSheet::None,
            switches: None,
            first_switch: None,
            same_switch: 0,
        }
    }
}

impl Voice {
    /// Speed in percent of the first one.
    pub fn rate_percent(&self) -> u16 {
        RATES_PERCENT.get(self.rate).copied().unwrap_or(100)
    }

    /// Loudness in dB below the loudest.
    pub fn gain_db(&self) -> f32 {
        GAINS_DB.get(self.gain).copied().unwrap_or(GAINS_DB[FIRST_GAIN])
    }
}

/// What can be heard here, whoever is at the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ears {
    pub channel: Channel,
    /// There is no sound card, or it takes no sound: the words stand on the screen only.
    pub soundless: bool,
    /// It is always so here: a handset that hangs there begins nothing by itself.
    pub fixed: bool,
}

/// Wishes and notices about reading aloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VoiceMsg {
    /// The button: begins reading aloud, and then shows what can be set.
    ReadAloud,
    /// A key of the keypad began it; which keypad there is.
    Start(Keypad),
    Stop,
    /// So many steps.
    Faster(i32),
    Louder(i32),
    Dark(bool),
    Sheet(VoiceSheet),
    /// Two switches are to be learnt.
    Learn,
    /// One of them was pressed.
    Switch(String),
}

fn moved(place: usize, steps: i32, count: usize) -> usize {
    place.saturating_add_signed(steps as isize).min(count - 1)
}

/// A wish of somebody at the screen.
pub fn update(state: &mut State, msg: VoiceMsg) -> Vec<Effect> {
    let session = &mut state.session;
    let voice = &mut session.voice;
    match msg {
        VoiceMsg::ReadAloud if voice.on => sheet(session, VoiceSheet::Menu),
        VoiceMsg::ReadAloud => voice.on = true,
        VoiceMsg::Start(keypad) => {
            voice.on = true;
            if keypad == Keypad::Switches && voice.switches.is_none() {
                learn(session);
            }
        }
        VoiceMsg::Stop => *voice = Voice::default(),
        VoiceMsg::Faster(steps) => voice.rate = moved(voice.rate, steps, RATES_PERCENT.len()),
        VoiceMsg::Louder(steps) => voice.gain = moved(voice.gain, steps, GAINS_DB.len()),
        VoiceMsg::Dark(dark) => voice.dark = dark,
        VoiceMsg::Sheet(VoiceSheet::Compass) => {
            sheet(session, VoiceSheet::Compass);
            return compass::look_round(state);
        }
        VoiceMsg::Sheet(wished) => sheet(session, wished),
        VoiceMsg::Learn => learn(session),
        VoiceMsg::Switch(key) => learnt(voice, key),
    }
    Vec::new()
}

fn sheet(session: &mut Session, wished: VoiceSheet) {
    (session.voice.first_switch, session.voice.same_switch) = (None, 0);
    session.voice.sheet = wished;
    if wished != VoiceSheet::None {
        session.overlay = Overlay::None;
        session.typing = None;
    }
}

fn learn(session: &mut Session) {
    session.voice.on = true;
    session.voice.switches = None;
    sheet(session, VoiceSheet::Switches);
}

fn learnt(voice: &mut Voice, key: String) {
    if voice.sheet != VoiceSheet::Switches {
        return;
    }
    match voice.first_switch.take() {
        None => voice.first_switch = Some(key),
        Some(first) if first == key => (voice.first_switch, voice.same_switch) = (Some(first), voice.same_switch + 1),
        Some(moves) => {
            voice.switches = Some(Switches { moves, chooses: key });
            (voice.sheet, voice.same_switch) = (VoiceSheet::None, 0);
        }
    }
}

/// Headphones came or went, or sound did.
pub fn heard(state: &mut State, ears: Ears) {
    let before = std::mem::replace(&mut state.ears, ears);
    if before.channel == ears.channel || ears.fixed {
        return;
    }
    let voice = &mut state.session.voice;
    match ears.channel {
        Channel::Headphones => {
            state.touched_ms = state.now_ms;
            rest::wake(state);
            rest::woken(state);
            let session = &mut state.session;
            (session.started, session.touched_ms, session.warning_s) = (true, state.now_ms, None);
            if !session.voice.on {
                (session.voice.on, session.voice.by_plug) = (true, true);
            }
        }
        // What began for one pair of ears does not go on for everybody's.
        Channel::Loudspeaker if voice.by_plug => *voice = Voice::default(),
        Channel::Loudspeaker => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loudness_has_the_range_and_the_step_that_the_norm_asks_for() {
        // EN 301 549, 5.1.3.11: at least 18 dB, with at least one step 12 dB above the lowest; VVSG: steps of at most 10 dB.
        assert!(GAINS_DB[GAINS_DB.len() - 1] - GAINS_DB[0] >= 18.0);
        assert!(GAINS_DB[1..GAINS_DB.len() - 1].iter().any(|gain| (gain - GAINS_DB[0] - 12.0).abs() < 0.1));
        assert!(GAINS_DB.windows(2).all(|pair| pair[1] > pair[0] && pair[1] - pair[0] <= 10.0));
        assert_eq!(Voice::default().gain_db(), -12.0);
    }

    #[test]
    fn speed_goes_from_half_to_double_in_seven_steps() {
        assert_eq!((RATES_PERCENT[0], RATES_PERCENT[6], RATES_PERCENT.len()), (50, 200, 7));
        assert!(RATES_PERCENT.windows(2).all(|pair| pair[0] < pair[1]));
        let mut state = State::default();
        update(&mut state, VoiceMsg::Faster(-9));
        assert_eq!(state.session.voice.rate_percent(), 50);
        update(&mut state, VoiceMsg::Faster(99));
        assert_eq!(state.session.voice.rate_percent(), 200);
    }

    #[test]
    fn everything_is_set_back_after_a_session() {
        let mut state = State::default();
        for msg in [
            VoiceMsg::ReadAloud,
            VoiceMsg::Louder(9),
            VoiceMsg::Faster(2),
            VoiceMsg::Dark(true),
            VoiceMsg::Learn,
            VoiceMsg::Switch("a".into()),
            VoiceMsg::Switch("b".into()),
        ] {
            super::super::update(&mut state, Msg::Voice(msg));
        }
        let voice = &state.session.voice;
        assert_eq!((voice.gain_db(), voice.rate_percent(), voice.dark), (0.0, 150, true));
        assert_eq!(voice.switches, Some(Switches { moves: "a".into(), chooses: "b".into() }));
        super::super::update(&mut state, Msg::Finish);
        super::super::update(&mut state, Msg::Tick { now_ms: FINISHED_MS, wall: None });
        assert_eq!(state.session, Session::default());
        assert_eq!(state.session.voice.gain_db(), -12.0);
    }

    #[test]
    fn one_switch_pressed_twice_is_not_two_switches() {
        let mut state = State::default();
        for key in ["x", "x"] {
            update(&mut state, VoiceMsg::Learn);
            update(&mut state, VoiceMsg::Switch(key.into()));
            update(&mut state, VoiceMsg::Switch(key.into()));
        }
        assert_eq!((state.session.voice.same_switch, &state.session.voice.switches), (1, &None));
        update(&mut state, VoiceMsg::Switch("y".into()));
        assert!(state.session.voice.switches.is_some() && state.session.voice.same_switch == 0);
    }

    #[test]
    fn plugging_headphones_begins_and_pulling_them_ends_what_began_so() {
        let mut state = State::default();
        let headphones = Ears { channel: Channel::Headphones, ..Ears::default() };
        heard(&mut state, headphones);
        assert!(state.session.voice.on && state.session.started);
        heard(&mut state, Ears::default());
        assert!(!state.session.voice.on);
        update(&mut state, VoiceMsg::ReadAloud);
        heard(&mut state, headphones);
        heard(&mut state, Ears::default());
        assert!(state.session.voice.on, "begun by the button, it goes on");
        let mut handset = State::default();
        heard(&mut handset, Ears { fixed: true, ..headphones });
        assert!(!handset.session.voice.on && handset.ears.channel == Channel::Headphones);
    }
}
