//! Filing a report.

use super::answer::answers;
use super::{Context, Refusal, TEXT_MAX, TEXT_MIN, Verdict, cleaned, fact};
use crate::fact::{Answers, Body, Kind, Place};
use crate::id::{AttachmentId, CategoryCode, CodeHash, Language, ReportId};
use crate::index::Present;
use crate::model::Report;

/// Longest address of a place, in characters.
pub const ADDRESS_MAX: usize = 200;

/// The fields of [`super::Command::FileReport`].
pub(super) struct Wish<'a> {
    pub report: ReportId,
    pub kind: Kind,
    pub category: &'a CategoryCode,
    pub place: &'a Place,
    pub text: &'a str,
    pub language: &'a Language,
    pub answers: &'a Answers,
    pub photo: Option<AttachmentId>,
    pub code: Option<CodeHash>,
}

pub(super) fn decide(present: &Present, wish: &Wish<'_>, context: &Context<'_>) -> Result<Verdict, Refusal> {
    let site = present.state.site().ok_or(Refusal::NoSite)?;
    let category =
        present.state.category(wish.category).ok_or_else(|| Refusal::UnknownCategory { category: wish.category.clone() })?;
    if !category.kinds.contains(&wish.kind) {
        return Err(Refusal::WrongKind { category: wish.category.clone() });
    }
    let place = placed(wish.place)?;
    let text = cleaned(wish.text, TEXT_MIN, TEXT_MAX)?;
    let answers = answers(&category.questions, wish.answers)?;
    if let Some(report) = present.state.report(&wish.report) {
        let same = is_same(report, wish, &place, &text, &answers);
        return if same { Ok(Verdict::Already(report.filed)) } else { Err(Refusal::IdTaken) };
    }
    if !site.area.contains(&place.point) {
        return Err(Refusal::OutsideArea);
    }
    if wish.photo.is_some() && !context.photo_stored {
        return Err(Refusal::UnknownPhoto);
    }
    if wish.code.is_some_and(|code| present.index.by_code(&present.state, &code).is_some()) {
        return Err(Refusal::IdTaken);
    }
    Ok(fact(
        wish.report.0,
        Body::ReportFiled {
            kind: wish.kind,
            category: wish.category.clone(),
            department: category.department.clone(),
            place,
            text,
            language: wish.language.clone(),
            answers,
            photo: wish.photo,
            code: wish.code,
        },
    ))
}

fn is_same(report: &Report, wish: &Wish<'_>, place: &Place, text: &str, answers: &Answers) -> bool {
    report.kind == wish.kind
        && report.filed_category() == wish.category
        && report.place == *place
        && report.text == text
        && report.language == *wish.language
        && report.answers.iter().map(|(question, answer)| (question, answer)).eq(answers)
        && report.photo.as_deref() == wish.photo.as_ref()
        && report.code == wish.code
}

fn placed(place: &Place) -> Result<Place, Refusal> {
    if !place.point.is_on_planet() {
        return Err(Refusal::BadPlace);
    }
    let address = match &place.address {
        Some(typed) => cleaned(typed, 0, ADDRESS_MAX)?.split_whitespace().collect::<Vec<_>>().join(" "),
        None => String::new(),
    };
    Ok(Place { point: place.point, address: (!address.is_empty()).then_some(address) })
}
