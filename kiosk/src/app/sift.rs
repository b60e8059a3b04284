//! What of "What is going on" a resident wants to see: of when, of what, of where.

use std::collections::BTreeSet;

use api::{Bounds, CategoryCode, CategoryCodes, ClusterQuery, Kind, ReportQuery, UnixMs};

use super::{Effect, State, open};

const DAY_MS: u64 = 86_400_000;
/// Reports in the list.
const LIST_MAX: u32 = 200;

/// Since when something must have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Period {
    /// The last seven days.
    Week,
    /// The last thirty days.
    Month,
    /// Since the first of January.
    Year,
    #[default]
    Always,
}

impl Period {
    /// All, from the shortest.
    pub const ALL: [Period; 4] = [Period::Week, Period::Month, Period::Year, Period::Always];

    /// When it began, as seen from now.
    fn since_ms(self, state: &State) -> Option<UnixMs> {
        let now_ms = state.town.as_ref()?.now_ms;
        match self {
            Period::Week => Some(now_ms.saturating_sub(7 * DAY_MS)),
            Period::Month => Some(now_ms.saturating_sub(30 * DAY_MS)),
            Period::Year => state.zone.year_start_ms(now_ms),
            Period::Always => None,
        }
    }
}

/// What is shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sift {
    pub period: Period,
    /// Of this kind; of both without.
    pub kind: Option<Kind>,
    /// Of these categories; of all when there is none.
    pub categories: BTreeSet<CategoryCode>,
    /// Also what the town has dealt with.
    pub closed: bool,
    /// What lies there: reports of one spot, which no map can tell apart.
    pub spot: Option<Bounds>,
}

/// One change of [`Sift`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SiftMsg {
    Period(Period),
    Kind(Option<Kind>),
    /// With this category, or without it again.
    Category(CategoryCode),
    Closed(bool),
    Spot(Bounds),
    Everything,
}

/// What the map shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    pub bounds: Bounds,
    /// Zoom, in thousandths.
    pub zoom_milli: u32,
}

impl Sift {
    /// Whether anything is left out that is shown at first.
    pub fn is_set(&self) -> bool {
        *self != Sift::default()
    }

    fn change(&mut self, msg: SiftMsg) {
        match msg {
            SiftMsg::Period(period) => self.period = period,
            SiftMsg::Kind(kind) => self.kind = kind,
            SiftMsg::Category(code) => {
                if !self.categories.remove(&code) {
                    self.categories.insert(code);
                }
            }
            SiftMsg::Closed(closed) => self.closed = closed,
            SiftMsg::Spot(bounds) => self.spot = Some(bounds),
            SiftMsg::Everything => *self = Sift::default(),
        }
    }

    fn category(&self) -> Option<CategoryCodes> {
        (!self.categories.is_empty()).then(|| CategoryCodes(self.categories.iter().cloned().collect()))
    }
}

/// Changes what is shown, and asks for it.
pub fn update(state: &mut State, msg: SiftMsg) -> Vec<Effect> {
    let browse = &mut state.session.browse;
    let before = browse.sift.clone();
    browse.sift.change(msg);
    if browse.sift == before {
        return Vec::new();
    }
    browse.chosen = None;
    open::list(state)
}

/// The map shows another part of town.
pub fn seen(state: &mut State, seen: Seen) -> Vec<Effect> {
    if state.session.screen != super::Screen::Browse || state.session.browse.seen == Some(seen) {
        return Vec::new();
    }
    state.session.browse.seen = Some(seen);
    clusters(state)
}

/// Asks for the reports of the list.
pub(super) fn reports(state: &mut State) -> Vec<Effect> {
    let sift = &state.session.browse.sift;
    let query = ReportQuery {
        bounds: sift.spot.map(degrees),
        kind: sift.kind,
        category: sift.category(),
        closed: sift.closed.then_some(true),
        since_ms: sift.period.since_ms(state),
        limit: Some(LIST_MAX),
        ..ReportQuery::default()
    };
    let ticket = state.ticket();
    state.session.browse.wanted = Some(ticket);
    vec![Effect::Reports(ticket, query)]
}

/// Asks for what lies in the part of town that the map shows, if it has told. What lies on one spot is not all that the map shows.
pub(super) fn clusters(state: &mut State) -> Vec<Effect> {
    let browse = &state.session.browse;
    let Some(seen) = browse.seen else { return Vec::new() };
    let sift = &browse.sift;
    let query = ClusterQuery {
        bounds: degrees(seen.bounds),
        zoom: f64::from(seen.zoom_milli) / 1000.0,
        kind: sift.kind,
        category: sift.category(),
        closed: sift.closed.then_some(true),
        since_ms: sift.period.since_ms(state),
    };
    let ticket = state.ticket();
    state.session.browse.clusters_wanted = Some(ticket);
    vec![Effect::Clusters(ticket, query)]
}

/// As the daemon takes it, border included.
fn degrees(bounds: Bounds) -> String {
    let (min, max) = (bounds.min, bounds.max);
    format!("{:.7},{:.7},{:.7},{:.7}", min.lat(), min.lon(), max.lat(), max.lon())
}

#[cfg(test)]
mod tests {
    use api::client::CallError;
    use api::{ClusterList, Point, ReportList};

    use super::super::{Browse, Msg, Reply, ReportId, Screen, update};
    use super::{Bounds, CategoryCode, CategoryCodes, DAY_MS, Effect, Kind, Period, Seen, SiftMsg, State};

    fn browsing() -> State {
        let town = crate::gallery::town(None).expect("the sample is sound");
        let zone = crate::zone::tests::helsinki();
        let mut state = State { town: Some(town), online: true, heard: true, zone, ..State::default() };
        assert_eq!(update(&mut state, Msg::StartBrowse).len(), 1, "no map has told yet what it shows");
        state
    }

    fn corner(by: i32) -> Point {
        Point { lat_e7: 601_000_000 + by, lon_e7: 249_000_000 + by }
    }

    fn seen(zoom_milli: u32) -> Msg {
        Msg::Seen(Seen { bounds: Bounds { min: corner(0), max: corner(1_000_005) }, zoom_milli })
    }

    #[test]
    fn list_and_map_show_the_same() {
        let mut state = browsing();
        let [Effect::Clusters(_, query)] = &update(&mut state, seen(16_500))[..] else { panic!("the map is asked for") };
        assert_eq!((query.bounds.as_str(), query.zoom), ("60.1000000,24.9000000,60.2000005,25.0000005", 16.5));
        assert_eq!(update(&mut state, seen(16_500)), [], "nothing new is seen");
        let now_ms = state.town.as_ref().expect("a town").now_ms;
        let light: CategoryCode = "light".parse().expect("a code");
        let year = state.zone.year_start_ms(now_ms);
        for (change, kind, category, closed, since_ms) in [
            (SiftMsg::Period(Period::Week), None, None, None, Some(now_ms - 7 * DAY_MS)),
            (SiftMsg::Period(Period::Year), None, None, None, year),
            (SiftMsg::Kind(Some(Kind::Suggestion)), Some(Kind::Suggestion), None, None, year),
            (SiftMsg::Category(light.clone()), Some(Kind::Suggestion), Some(vec![light.clone()]), None, year),
            (SiftMsg::Closed(true), Some(Kind::Suggestion), Some(vec![light.clone()]), Some(true), year),
            (SiftMsg::Category(light.clone()), Some(Kind::Suggestion), None, Some(true), year),
            (SiftMsg::Everything, None, None, None, None),
        ] {
            let effects = update(&mut state, Msg::Sift(change.clone()));
            let [Effect::Reports(_, list), Effect::Clusters(_, map)] = &effects[..] else { panic!("{change:?}: {effects:?}") };
            let category = category.map(CategoryCodes);
            assert_eq!(
                (list.kind, &list.category, list.closed, list.since_ms),
                (kind, &category, closed, since_ms),
                "{change:?}"
            );
            assert_eq!((map.kind, &map.category, map.closed, map.since_ms), (kind, &category, closed, since_ms), "{change:?}");
            let same = Msg::Sift(SiftMsg::Period(state.session.browse.sift.period));
            assert_eq!(update(&mut state, same), [], "nothing changed");
        }
        let spot = Bounds { min: corner(5), max: corner(6) };
        let effects = update(&mut state, Msg::Sift(SiftMsg::Spot(spot)));
        let [Effect::Reports(_, list), Effect::Clusters(_, map)] = &effects[..] else { panic!("{effects:?}") };
        assert_eq!(list.bounds.as_deref(), Some("60.1000005,24.9000005,60.1000006,24.9000006"));
        assert_eq!(map.bounds, "60.1000000,24.9000000,60.2000005,25.0000005", "the map shows what it showed");
    }

    #[test]
    fn an_answer_that_is_too_late_is_dropped() {
        let mut state = browsing();
        let [Effect::Clusters(first, _)] = update(&mut state, seen(16_000))[..] else { panic!("the map is asked for") };
        let [Effect::Clusters(second, _)] = update(&mut state, seen(17_000))[..] else { panic!("the map is asked for") };
        let one = |count| {
            let point = corner(0);
            let bounds = Bounds { min: point, max: point };
            let cluster =
                api::Cluster { point, count, open: count, report: None, kind: None, category: None, bounds, updated_ms: 0 };
            Reply::Clusters(Ok(ClusterList { clusters: vec![cluster], total: count }))
        };
        update(&mut state, Msg::Reply(second, one(2)));
        update(&mut state, Msg::Reply(first, one(1)));
        assert_eq!(state.session.browse.clusters[0].count, 2);
        // A daemon that is away leaves what is there.
        let [Effect::Clusters(third, _)] = update(&mut state, seen(18_000))[..] else { panic!("the map is asked for") };
        update(&mut state, Msg::Reply(third, Reply::Clusters(Err(CallError::Away("gone".into())))));
        assert_eq!((state.session.browse.clusters[0].count, state.online), (2, false));
    }

    #[test]
    fn nothing_of_it_is_left_at_home_and_nobody_is_taken_for_being_there() {
        let mut state = browsing();
        let touched_ms = state.session.touched_ms;
        state.now_ms += 50_000;
        update(&mut state, seen(16_000));
        assert_eq!(state.session.touched_ms, touched_ms, "the map tells by itself");
        update(&mut state, Msg::Sift(SiftMsg::Closed(true)));
        assert_ne!(state.session.touched_ms, touched_ms);
        update(&mut state, Msg::Back);
        assert_eq!((state.session.screen, &state.session.browse), (Screen::Home, &Browse::default()));
        assert_eq!(update(&mut state, seen(17_000)), [], "no map is seen");
    }

    #[test]
    fn a_marker_whose_report_is_not_in_the_list_leads_to_it() {
        let mut state = browsing();
        let wanted = state.session.browse.wanted.expect("asked");
        let report = crate::gallery::report().expect("the sample is sound").summary;
        let id = report.id;
        update(&mut state, Msg::Reply(wanted, Reply::Reports(Ok(ReportList { reports: vec![report], total: 300 }))));
        assert_eq!(update(&mut state, Msg::Select(id)), []);
        assert_eq!((state.session.screen, state.session.browse.chosen), (Screen::Browse, Some(id)));
        let other = ReportId([9; 16]);
        let effects = update(&mut state, Msg::Select(other));
        assert!(matches!(effects[..], [Effect::Report(_, report)] if report == other), "{effects:?}");
        assert_eq!(state.session.screen, Screen::Report);
    }
}
