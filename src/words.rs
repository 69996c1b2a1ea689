//! Every sentence for people, in every language.
