//! Putting ways together into rings and coasts.

use std::collections::BTreeMap;

/// Joins pieces that meet end to end, in any direction, by the ids of their end nodes. Gives the closed rings, then the open chains
/// that are left. Each piece is used once; where more than two meet, the one with the lowest index goes first, so that the result
/// does not depend on chance.
pub fn join(pieces: &[&[i64]]) -> (Vec<Vec<i64>>, Vec<Vec<i64>>) {
    let mut at: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for (index, piece) in pieces.iter().enumerate() {
        if let (Some(first), Some(last)) = (piece.first(), piece.last())
            && first != last
        {
            at.entry(*first).or_default().push(index);
            at.entry(*last).or_default().push(index);
        }
    }
    // Taken from the end, so that each is looked at once, even where thousands meet in one node.
    at.values_mut().for_each(|near| near.reverse());
    let mut used = vec![false; pieces.len()];
    let (mut rings, mut chains) = (Vec::new(), Vec::new());
    for (index, piece) in pieces.iter().enumerate() {
        if used[index] || piece.len() < 2 {
            continue;
        }
        used[index] = true;
        let mut chain = piece.to_vec();
        // Grow at the end; when stuck, turn round once and grow at the other end.
        for _ in 0..2 {
            while let Some(end) = chain.last().copied().filter(|end| chain.first() != Some(end)) {
                let Some(next) = first_unused(at.get_mut(&end), &used) else { break };
                used[next] = true;
                let piece = pieces[next];
                if piece.first() == Some(&end) {
                    chain.extend(piece.iter().skip(1));
                } else {
                    chain.extend(piece.iter().rev().skip(1));
                }
            }
            if chain.first() == chain.last() {
                break;
            }
            chain.reverse();
        }
        if chain.len() >= 4 && chain.first() == chain.last() {
            rings.push(chain);
        } else {
            chains.push(chain);
        }
    }
    (rings, chains)
}

/// Joins pieces end to start only, keeping their direction: for coastlines, whose direction says where the water is.
pub fn join_directed(pieces: Vec<Vec<i64>>) -> Vec<Vec<i64>> {
    let mut starts: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    let mut ends: BTreeMap<i64, usize> = BTreeMap::new();
    for (index, piece) in pieces.iter().enumerate() {
        if let (Some(first), Some(last)) = (piece.first(), piece.last()) {
            starts.entry(*first).or_default().push(index);
            *ends.entry(*last).or_default() += 1;
        }
    }
    starts.values_mut().for_each(|near| near.reverse());
    let mut used = vec![false; pieces.len()];
    let mut chains = Vec::new();
    // Pieces that nothing leads into go first, so that open chains are whole; what remains are rings.
    let is_first = |index: &usize| pieces[*index].first().is_some_and(|first| !ends.contains_key(first));
    let order = (0..pieces.len()).filter(is_first).chain((0..pieces.len()).filter(|index| !is_first(index)));
    for index in order {
        if used[index] || pieces[index].len() < 2 {
            continue;
        }
        used[index] = true;
        let mut chain = pieces[index].clone();
        while let Some(end) = chain.last().copied().filter(|end| chain.first() != Some(end)) {
            let Some(next) = first_unused(starts.get_mut(&end), &used) else { break };
            used[next] = true;
            chain.extend(pieces[next].iter().skip(1));
        }
        chains.push(chain);
    }
    chains
}

/// The last of the list that is not used yet. Those after it, used for good, are dropped.
fn first_unused(near: Option<&mut Vec<usize>>, used: &[bool]) -> Option<usize> {
    let near = near?;
    while near.last().is_some_and(|index| used[*index]) {
        near.pop();
    }
    near.last().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_join_in_any_direction() {
        let (rings, chains) = join(&[&[1, 2, 3], &[5, 4, 3], &[5, 6, 1], &[7, 8], &[9, 8]]);
        assert_eq!(rings, [vec![1, 2, 3, 4, 5, 6, 1]]);
        assert_eq!(chains, [vec![7, 8, 9]]);
    }

    #[test]
    fn coastlines_join_only_forwards() {
        let chains = join_directed(vec![vec![3, 4], vec![1, 2, 3], vec![9, 8, 9], vec![5, 4]]);
        assert_eq!(chains, [vec![1, 2, 3, 4], vec![5, 4], vec![9, 8, 9]]);
    }
}
