//! Commands by topic: each one has ended, and a bad one lies in the dead letters.

use super::{Admitted, Roll, Written};
use std::collections::{BTreeMap, BTreeSet};

/// A reactor's source partition, in a target partition: `reactor/log/topic/partition`.
type Line<'a> = (String, i32, &'a str);

pub(super) fn one_each(roll: &Roll, admitted: &[Admitted<'_>]) -> Vec<String> {
    let letters: Vec<&Written> =
        roll.records.iter().filter(|record| record.topic.starts_with("dead-letter.")).collect();
    let places: BTreeSet<&str> =
        letters.iter().filter_map(|letter| std::str::from_utf8(letter.key.as_deref()?).ok()).collect();
    let commands: Vec<&Written> = roll.of(".commands.v1").filter(|record| !record.topic.starts_with("dead-")).collect();
    let known: BTreeSet<String> = commands.iter().map(|command| command.place()).collect();
    let mut breaches: Vec<String> = Vec::new();
    for letter in letters {
        let place = letter.key.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
        if !known.contains(&*place) || letter.header("reason").is_none_or(str::is_empty) {
            breaches.push(format!("{} is a letter of {place} without a reason or a command", letter.place()));
        }
    }
    let settled = admitted.iter().filter(|entry| entry.body["outcome"] == "dead_lettered").count();
    if settled != places.len() {
        breaches.push(format!("{} bad commands have letters, {settled} are settled as such", places.len()));
    }
    let ended: BTreeSet<&str> = admitted.iter().flat_map(|entry| entry.record.headers("ce_commandid")).collect();
    let floors = floors(admitted);
    for command in commands {
        let id = command.header("ce_id").unwrap_or_default();
        if !ended.contains(id) && !places.contains(&*command.place()) && !is_below(&floors, command) {
            breaches.push(format!("{} has not ended", command.place()));
        }
    }
    breaches
}

/// The greatest floor of each line.
fn floors<'a>(admitted: &'a [Admitted<'a>]) -> BTreeMap<Line<'a>, i64> {
    let mut floors = BTreeMap::new();
    for entry in admitted {
        let ends = entry.record.headers("source").zip(entry.record.headers("floor"));
        for (source, floor) in ends.filter_map(|(source, floor)| Some((source, floor.parse::<i64>().ok()?))) {
            let commands = entry.record.topic.replace(".events.", ".commands.");
            let Some((line, _)) = source.split_once('@') else { continue };
            let greatest = floors.entry((commands, entry.record.partition, line)).or_insert(floor);
            *greatest = floor.max(*greatest);
        }
    }
    floors
}

fn is_below(floors: &BTreeMap<Line<'_>, i64>, command: &Written) -> bool {
    let place = command.header("source").and_then(|source| source.split_once('@'));
    let Some((line, rest)) = place else { return false };
    let offset = rest.split('/').next().and_then(|offset| offset.parse::<i64>().ok());
    let floor = floors.get(&(command.topic.clone(), command.partition, line));
    matches!((offset, floor), (Some(offset), Some(floor)) if offset < *floor)
}
