//! Which forms of a board are tried, and in what order.
//!
//! Invariant: text comes last and always, so a board can be posted wherever anything can.

use crate::boards::card::Content;
use crate::boards::card::card;
use crate::boards::card::pictured;
use crate::boards::sheet::Sheet;

/// A picture that can be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Where.
    pub url: String,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
}

/// What a picture is put into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// A message of its own, which is never edited.
    Photo,
    /// A text, since a photo cannot be edited.
    RichText,
}

/// A form of a board, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// A photo.
    Photo(Placed),
    /// Rich text with the picture in it.
    Pictured(Content),
    /// A message card.
    Card(Content),
    /// Plain text.
    Text(String),
}

impl Form {
    /// Its name in logs.
    pub fn name(&self) -> &'static str {
        match self {
            Form::Photo(_) => "photo",
            Form::Pictured(_) => "rich text",
            Form::Card(_) => "card",
            Form::Text(_) => "text",
        }
    }
}

/// The forms of a board, the best first: the picture where there is one, the card, the text. The next
/// is for where the platform refuses the one before for what it is.
pub fn forms(sheet: &Sheet, picture: Option<Placed>, surface: Surface, text: String) -> Vec<Form> {
    let picture = picture.map(|picture| match surface {
        Surface::Photo => Form::Photo(picture),
        Surface::RichText => Form::Pictured(pictured(sheet, &picture)),
    });
    let mut forms: Vec<Form> = picture.into_iter().collect();
    forms.push(Form::Card(card(sheet)));
    forms.push(Form::Text(text));
    forms
}
