//! Which report carries on which, over all reports.
//!
//! A report's own record says into which one it is to be folded. Boxes that decide at the same time can close a ring that way; of
//! a ring's merges the one decided last, by (hlc, id), is not in force. So merges in force never form a ring, and every box leaves
//! out the same one.

use std::collections::BTreeSet;

use super::report::Wanted;
use super::{Chain, State, Touched};
use crate::id::ReportId;

impl State {
    /// Derives a report anew after something was added to it, and what that means for reports it is merged with.
    pub(super) fn refold(&mut self, id: ReportId, touched: &mut Touched) {
        touched.reports.insert(id);
        let ring_before = self.ring(id);
        let Some(report) = self.reports.get_mut(&id) else { return };
        let before = report.wanted.clone();
        report.fold();
        if report.wanted != before {
            let mut members = self.ring(id);
            members.extend(ring_before);
            members.insert(id);
            self.settle(members, touched);
        }
    }

    /// Derives everything that a snapshot leaves out.
    pub(super) fn derive(&mut self) {
        self.reports.values_mut().for_each(|report| report.fold());
        self.chains.values_mut().for_each(Chain::shrink);
        let merged: Vec<ReportId> = self.reports.values().filter(|r| r.wanted.is_some()).map(|r| r.id).collect();
        for id in merged {
            let mut members = self.ring(id);
            members.insert(id);
            self.settle(members, &mut Touched::default());
        }
    }

    /// A report was filed that others may have been folded into before.
    pub(super) fn find_merged_from(&mut self, id: ReportId, touched: &mut Touched) {
        let from = self.merges.range((id, ReportId([0; 16]))..=(id, ReportId([0xFF; 16]))).map(|(_, from)| *from).collect();
        if let Some(report) = self.reports.get_mut(&id)
            && report.merged_from != from
        {
            report.merged_from = from;
            touched.reports.insert(id);
        }
    }

    /// Brings merges of these reports into force, or out of it.
    fn settle(&mut self, members: BTreeSet<ReportId>, touched: &mut Touched) {
        for id in members {
            let Some(wanted) = self.reports.get(&id).map(|report| report.wanted.as_deref().copied()) else { continue };
            let into = wanted.filter(|wanted| !self.closes_ring(id, wanted)).map(|wanted| wanted.into);
            let Some(report) = self.reports.get_mut(&id) else { continue };
            let before = std::mem::replace(&mut report.merged_into, into);
            if before == into {
                continue;
            }
            report.fold();
            touched.reports.insert(id);
            if let Some(before) = before {
                self.merges.remove(&(before, id));
                self.find_merged_from(before, touched);
            }
            if let Some(into) = into {
                self.merges.insert((into, id));
                self.find_merged_from(into, touched);
            }
        }
    }

    fn closes_ring(&self, id: ReportId, wanted: &Wanted) -> bool {
        let ring = self.ring(id);
        ring.contains(&id)
            && ring
                .iter()
                .filter_map(|member| self.reports.get(member)?.wanted.as_deref())
                .all(|other| other.stamp <= wanted.stamp)
    }

    /// The reports that the merges wanted from this one lead through, if they lead back to it; else nothing.
    fn ring(&self, id: ReportId) -> BTreeSet<ReportId> {
        let mut members = BTreeSet::new();
        let mut at = id;
        while let Some(wanted) = self.reports.get(&at).and_then(|report| report.wanted.as_deref()) {
            if !members.insert(at) {
                // A ring that this report only leads into.
                return BTreeSet::new();
            }
            at = wanted.into;
            if at == id {
                return members;
            }
        }
        BTreeSet::new()
    }
}
