//! What SQLite's store does besides: files, locks, full disks, crashes, groups.
