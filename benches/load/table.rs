//! The table of budgets.

use comfy_table::Table;
use comfy_table::presets;

/// One line.
pub struct Line {
    /// Number in the performance document and what it is about.
    pub budget: String,
    /// The limit measured in this run.
    pub bound: String,
    /// What the bot did.
    pub measured: String,
    /// The ratio, or the figure itself, that is held to the target.
    pub ratio: f64,
    /// The target.
    pub target: Target,
}

/// What the ratio has to be.
#[derive(Clone, Copy)]
pub enum Target {
    /// So much or more.
    AtLeast(f64),
    /// So much or less.
    AtMost(f64),
}

impl Target {
    fn is_met(self, ratio: f64) -> bool {
        match self {
            Self::AtLeast(least) => ratio >= least,
            Self::AtMost(most) => ratio <= most,
        }
    }

    fn words(self) -> String {
        match self {
            Self::AtLeast(least) => format!("≥ {least}"),
            Self::AtMost(most) => format!("≤ {most}"),
        }
    }
}

/// Prints all lines.
pub fn print(lines: &[Line]) {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header(["budget", "bound", "measured", "ratio", "target", "met"]);
    for line in lines {
        table.add_row([
            line.budget.clone(),
            line.bound.clone(),
            line.measured.clone(),
            format!("{:.2}", line.ratio),
            line.target.words(),
            if line.target.is_met(line.ratio) {
                "yes"
            } else {
                "NO"
            }
            .to_owned(),
        ]);
    }
    println!("{table}");
}

/// The value in the middle.
pub fn median(values: &[f64]) -> f64 {
    percentile(&sorted(values), 0.5)
}

/// The value below which so much of the sorted `values` lies; not a number without values.
pub fn percentile(values: &[f64], part: f64) -> f64 {
    let at = (values.len() as f64 * part) as usize;
    let at = at.min(values.len().saturating_sub(1));
    values.get(at).copied().unwrap_or(f64::NAN)
}

/// The values in order.
pub fn sorted(values: &[f64]) -> Vec<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values
}
