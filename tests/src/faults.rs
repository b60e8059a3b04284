//! What a box in a town hall meets sooner or later: a full disk, a wrong clock, a power cut, damaged files, a
//! daemon that is killed under a resident's hands. Each befalls the real daemon.

mod clock;
mod damage;
mod full;
mod killed;
mod power;
