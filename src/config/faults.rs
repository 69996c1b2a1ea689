//! What is wrong with the settings, all of it at once, and the drawing of it.
//!
//! Invariant: neither the list nor the drawing shows a secret. The drawing is made from a sketch of
//! the file in which every word is overwritten except those of the contract and those a reader has
//! found to be harmless: a secret under a misspelt key, in a comment or in a broken line is covered
//! as well.

use std::fmt;
use std::ops::Range;

use miette::Diagnostic;
use miette::GraphicalReportHandler;
use miette::LabeledSpan;
use miette::NamedSource;
use miette::SourceCode;

use crate::config::names;
use crate::config::tree::Origin;

/// A fault before its place in the file was counted out.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub(super) key: String,
    pub(super) origin: Origin,
    pub(super) message: String,
    pub(super) suggestion: Option<String>,
    pub(super) help: Option<String>,
}

/// Everything that is wrong with a settings file and the variables laid over it.
///
/// `Display` lists one fault a line, `draw` shows each in its line of the file.
#[derive(Clone)]
pub struct ConfigErrors {
    name: String,
    sketch: String,
    faults: Vec<Fault>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The setting, as a path of keys: `guild.0.reward.per_day`. Empty where none can be named.
    pub key: String,
    /// Where it was written.
    pub place: Place,
    /// What is wrong.
    pub message: String,
    /// What was probably meant, to be written instead.
    pub suggestion: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
    span: Option<Range<usize>>,
}

/// Where a setting was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the file as a whole: something is missing.
    Whole,
    /// A place in the file; both count from 1, columns in characters.
    Line {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
    /// A variable.
    Variable(String),
}

impl ConfigErrors {
    /// Places the findings in `text`; the stretches in `harmless` may be shown.
    pub(super) fn new(
        name: &str,
        text: &str,
        harmless: &[Range<usize>],
        findings: Vec<Finding>,
    ) -> Self {
        let mut faults: Vec<_> = findings
            .into_iter()
            .map(|finding| finding.placed(text))
            .collect();
        // As one reads: down the file, then what is missing, then variables.
        faults.sort_by_key(|fault| match &fault.place {
            Place::Line { line, column } => (0, *line, *column),
            Place::Whole => (1, 0, 0),
            Place::Variable(_) => (2, 0, 0),
        });
        Self {
            name: name.to_owned(),
            sketch: sketch(text, harmless),
            faults,
        }
    }

    /// A fault of the file as a whole.
    pub(super) fn whole(name: &str, place: Place, message: String, help: &str) -> Self {
        Self {
            name: name.to_owned(),
            sketch: String::new(),
            faults: vec![Fault {
                key: String::new(),
                place,
                message,
                suggestion: None,
                help: Some(help.to_owned()),
                span: None,
            }],
        }
    }

    /// The faults, in the order of the file.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// Every fault with its line of the file, secrets covered.
    pub fn draw(&self) -> String {
        let handler = GraphicalReportHandler::new().with_context_lines(1);
        let mut drawn = String::new();
        for fault in &self.faults {
            let picture = Picture {
                title: fault.titled(&self.name),
                help: fault.advice(),
                source: NamedSource::new(&self.name, self.sketch.clone()),
                span: fault.span.clone(),
            };
            // Writing into a `String` cannot fail; a fault that could not be drawn is still told.
            if handler.render_report(&mut drawn, &picture).is_err() {
                drawn.push_str(&picture.title);
            }
            drawn.push('\n');
        }
        drawn
    }
}

impl Finding {
    fn placed(self, text: &str) -> Fault {
        let (place, span) = match self.origin {
            Origin::Whole => (Place::Whole, None),
            Origin::Variable(name) => (Place::Variable(name), None),
            Origin::File(span) => (position(text, span.start), Some(span)),
        };
        Fault {
            key: self.key,
            place,
            message: self.message,
            suggestion: self.suggestion,
            help: self.help,
            span,
        }
    }
}

/// Line and column of a byte of `text`.
pub(super) fn position(text: &str, byte: usize) -> Place {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    let before = &text[..byte];
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    Place::Line {
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
    }
}

impl Fault {
    fn titled(&self, name: &str) -> String {
        match &self.place {
            Place::Whole => format!("{name}: {}", self.message),
            Place::Line { line, column } => format!("{name}:{line}:{column}: {}", self.message),
            Place::Variable(variable) => format!("variable {variable}: {}", self.message),
        }
    }

    fn advice(&self) -> Option<String> {
        let suggestion = self
            .suggestion
            .as_ref()
            .map(|meant| format!("did you mean `{meant}`?"));
        match (suggestion, &self.help) {
            (Some(suggestion), Some(help)) => Some(format!("{suggestion}\n{help}")),
            (suggestion, help) => suggestion.or_else(|| help.clone()),
        }
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (count, fault) in self.faults.iter().enumerate() {
            if count > 0 {
                f.write_str("\n")?;
            }
            f.write_str(&fault.titled(&self.name))?;
            if let Some(advice) = fault.advice() {
                write!(f, " ({})", advice.replace('\n', " "))?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for ConfigErrors {}

/// The text with every word overwritten that is neither of the contract nor in `harmless`.
///
/// It is as long as the text, byte for byte, so that lines and columns stay where they are.
fn sketch(text: &str, harmless: &[Range<usize>]) -> String {
    let is_shown = |range: &Range<usize>| {
        harmless
            .iter()
            .any(|shown| shown.start <= range.start && range.end <= shown.end)
    };
    let mut sketch = String::with_capacity(text.len());
    let mut rest = 0;
    while rest < text.len() {
        let blank = text[rest..]
            .find(is_word)
            .map_or(text.len(), |found| rest + found);
        sketch.push_str(&text[rest..blank]);
        let end = text[blank..]
            .find(|c| !is_word(c))
            .map_or(text.len(), |found| blank + found);
        let word = &text[blank..end];
        if names::is_known(word) || is_shown(&(blank..end)) {
            sketch.push_str(word);
        } else {
            sketch.push_str(&"*".repeat(word.len()));
        }
        rest = end;
    }
    sketch
}

/// Whether a character can belong to a secret: everything but blanks and the marks of TOML.
fn is_word(character: char) -> bool {
    !character.is_whitespace() && !"[]{}=\"',.#".contains(character)
}

struct Picture {
    title: String,
    help: Option<String>,
    source: NamedSource<String>,
    span: Option<Range<usize>>,
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title)
    }
}

impl fmt::Display for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title)
    }
}

impl std::error::Error for Picture {}

impl Diagnostic for Picture {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help
            .as_ref()
            .map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.span.as_ref().map(|_| &self.source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.span.clone()?;
        let label = LabeledSpan::new(None, span.start, span.len());
        Some(Box::new(std::iter::once(label)))
    }
}
