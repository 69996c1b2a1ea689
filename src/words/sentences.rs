//! Naming the sentences that a part of the house speaks.

/// Names the sentences of one scope with their holes, and lists them for the check of all texts.
///
/// ```text
/// sentences! {
///     pub static REFUSAL_WORDS of SHARED;
///     NO_RIGHT = "no_right" ["roles"];
/// }
/// ```
macro_rules! sentences {
    (
        $(#[$meta:meta])*
        $visible:vis static $list:ident of $scope:expr;
        $($shown:vis $name:ident = $key:literal [$($hole:literal),*];)*
    ) => {
        $($shown static $name: $crate::words::Word =
            $crate::words::Word::new($scope, $key, &[$($hole),*]);)*

        $(#[$meta])*
        $visible static $list: &[&$crate::words::Word] = &[$(&$name),*];
    };
}

pub(crate) use sentences;
