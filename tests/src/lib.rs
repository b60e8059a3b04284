//! Stories through the real programs, faults, and benches.
