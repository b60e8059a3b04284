//! A place without seeing a map: steps in the four directions, and what is near as a list.

use super::*;

/// How long a step is, in metres.
pub const STEPS_M: [u16; 4] = [50, 100, 500, 10];
/// How far round the pin addresses are looked for, in metres.
const ROUND_M: f64 = 80.0;
/// Metres of a degree of latitude, on a sphere of the earth's mean radius.
const DEGREE_M: f64 = 111_195.0;

/// An address near the pin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearBy {
    pub label: String,
    pub point: Point,
    /// Eighths of a turn from north, clockwise.
    pub heading: u8,
    pub distance_m: u32,
}

/// How a place is being chosen in words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Compass {
    /// Which of [`STEPS_M`].
    pub step: usize,
    pub near: Vec<NearBy>,
    wanted: Vec<(Ticket, u8, Point)>,
}

impl Compass {
    /// How long a step is.
    pub fn step_m(&self) -> u16 {
        STEPS_M.get(self.step).copied().unwrap_or(STEPS_M[0])
    }
}

/// What is wished while choosing a place in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompassMsg {
    /// A step in a direction: degrees from north, clockwise.
    Go(u16),
    /// The next length of a step.
    Step,
    /// Begin in the middle of the town.
    Centre,
    /// One of the addresses near.
    Choose(usize),
}

/// The place so far away in a direction (degrees from north, clockwise); on the plane, which is near enough within a town.
fn away(from: Point, degrees: f64, distance_m: f64) -> Option<Point> {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let lat = from.lat() + distance_m * cos / DEGREE_M;
    let lon = from.lon() + distance_m * sin / (DEGREE_M * from.lat().to_radians().cos().max(0.01));
    Point::from_degrees(lat, lon)
}

/// Does what is wished.
pub fn update(state: &mut State, msg: CompassMsg) -> Vec<Effect> {
    state.session.notice = Notice::None;
    let (point, address) = match msg {
        CompassMsg::Step => {
            let compass = &mut state.session.compass;
            compass.step = (compass.step + 1) % STEPS_M.len();
            return Vec::new();
        }
        CompassMsg::Go(degrees) => {
            let step_m = state.session.compass.step_m();
            (state.session.draft.point.and_then(|from| away(from, degrees.into(), step_m.into())), None)
        }
        CompassMsg::Centre => (state.town.as_ref().map(|town| town.center), None),
        CompassMsg::Choose(index) => {
            let chosen = state.session.compass.near.get(index).cloned();
            (chosen.as_ref().map(|near| near.point), chosen.map(|near| near.label))
        }
    };
    let Some(point) = point else { return Vec::new() };
    let mut effects = draft::spot(state, point, address);
    if state.session.draft.point == Some(point) {
        effects.push(Effect::Look(point));
        effects.extend(look_round(state));
    }
    effects
}

/// Asks for the addresses round the pin.
pub fn look_round(state: &mut State) -> Vec<Effect> {
    state.session.compass.near.clear();
    state.session.compass.wanted.clear();
    let Some(point) = state.session.draft.point else { return Vec::new() };
    let mut effects = Vec::new();
    for heading in 0..8 {
        let Some(there) = away(point, f64::from(heading) * 45.0, ROUND_M) else { continue };
        let ticket = state.ticket();
        state.session.compass.wanted.push((ticket, heading, there));
        effects.push(Effect::Address(ticket, there));
    }
    effects
}

/// Takes an address that was asked for here; `false` when it was not.
pub fn replied(state: &mut State, ticket: Ticket, reply: &Reply) -> bool {
    let compass = &mut state.session.compass;
    let Reply::Address(result) = reply else { return false };
    let Some(place) = compass.wanted.iter().position(|(wanted, ..)| *wanted == ticket) else { return false };
    let (_, heading, point) = compass.wanted.remove(place);
    let Some(label) = result.as_ref().ok().filter(|reply| reply.in_area).and_then(|reply| reply.label.clone()) else {
        return true;
    };
    let known = state.session.draft.address.as_ref() == Some(&label) || compass.near.iter().any(|near| near.label == label);
    if let (Some(from), false) = (state.session.draft.point, known) {
        compass.near.push(NearBy { label, point, heading, distance_m: from.distance_m(&point).round() as u32 });
        compass.near.sort_by_key(|near| near.heading);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_place() -> State {
        let town = crate::gallery::town(None).unwrap();
        let mut state = State { town: Some(town), online: true, ..State::default() };
        super::super::update(&mut state, Msg::Start(Kind::Problem));
        super::super::update(&mut state, Msg::Category("light".parse().unwrap()));
        super::super::update(&mut state, Msg::Voice(VoiceMsg::Sheet(VoiceSheet::Compass)));
        super::super::update(&mut state, Msg::Compass(CompassMsg::Centre));
        state
    }

    #[test]
    fn a_step_is_as_long_as_it_says_and_four_of_them_lead_back() {
        for (step, long_m) in STEPS_M.iter().enumerate() {
            let mut state = at_place();
            state.session.compass.step = step;
            let start = state.session.draft.point.unwrap();
            for degrees in [0, 90, 180, 270] {
                let before = state.session.draft.point.unwrap();
                super::super::update(&mut state, Msg::Compass(CompassMsg::Go(degrees)));
                let gone_m = before.distance_m(&state.session.draft.point.unwrap());
                assert!((gone_m - f64::from(*long_m)).abs() < 0.5, "{degrees}: {gone_m}");
            }
            let back_m = start.distance_m(&state.session.draft.point.unwrap());
            assert!(back_m < 0.5, "{back_m}");
        }
    }

    #[test]
    fn addresses_round_the_pin_are_told_once_each_with_their_direction() {
        let mut state = at_place();
        let effects = super::super::update(&mut state, Msg::Compass(CompassMsg::Go(0)));
        let asked: Vec<Ticket> = effects
            .iter()
            .filter_map(|effect| if let Effect::Address(ticket, _) = effect { Some(*ticket) } else { None })
            .collect();
        assert_eq!(asked.len(), 9, "the pin's own and eight round it");
        for (ticket, label) in asked.iter().skip(1).zip(["A 1", "A 1", "B 2", "B 2", "C 3", "C 3", "A 1", ""]) {
            let label = (!label.is_empty()).then(|| label.to_owned());
            super::super::update(
                &mut state,
                Msg::Reply(*ticket, Reply::Address(Ok(Reverse { label, district: None, in_area: true }))),
            );
        }
        let near: Vec<(&str, u8, u32)> =
            state.session.compass.near.iter().map(|near| (near.label.as_str(), near.heading, near.distance_m)).collect();
        assert_eq!(near, [("A 1", 0, 80), ("B 2", 2, 80), ("C 3", 4, 80)]);
        super::super::update(&mut state, Msg::Compass(CompassMsg::Choose(1)));
        assert_eq!(state.session.draft.address.as_deref(), Some("B 2"));
    }

    #[test]
    fn a_step_out_of_town_is_refused_and_the_pin_stays() {
        let mut state = at_place();
        state.session.compass.step = 2;
        for _ in 0..200 {
            let before = state.session.draft.point;
            super::super::update(&mut state, Msg::Compass(CompassMsg::Go(90)));
            if state.session.notice == Notice::OutsideArea {
                assert_eq!(state.session.draft.point, before);
                return;
            }
        }
        panic!("never out of town");
    }
}
