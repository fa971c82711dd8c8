//! Finding cycles in a graph of references.

use std::collections::{BTreeMap, VecDeque};

use super::references::Reference;

/// Cycles that have no edge in common, shortest first, so that the graph is acyclic without their edges. The first
/// reference stands for all between the same two modules.
pub(super) fn cycles(references: &[Reference]) -> Vec<Vec<&Reference>> {
    let mut edges = BTreeMap::new();
    for reference in references {
        edges
            .entry((reference.from.as_str(), reference.to.as_str()))
            .or_insert(reference);
    }
    let mut cycles = Vec::new();
    while let Some(cycle) = shortest_cycle(&edges) {
        for edge in &cycle {
            edges.remove(&(edge.from.as_str(), edge.to.as_str()));
        }
        cycles.push(cycle);
    }
    cycles
}

type Edges<'a> = BTreeMap<(&'a str, &'a str), &'a Reference>;

fn shortest_cycle<'a>(edges: &Edges<'a>) -> Option<Vec<&'a Reference>> {
    let starts = edges.keys().map(|(from, _)| *from);
    starts
        .filter_map(|start| path_back_to(start, edges))
        .min_by_key(Vec::len)
}

/// The shortest path from a module to itself, by breadth-first search.
fn path_back_to<'a>(start: &str, edges: &Edges<'a>) -> Option<Vec<&'a Reference>> {
    let mut reached_by: BTreeMap<&str, &Reference> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(module) = queue.pop_front() {
        for edge in edges.values().filter(|edge| edge.from == module) {
            if reached_by.contains_key(edge.to.as_str()) {
                continue;
            }
            reached_by.insert(&edge.to, edge);
            queue.push_back(&edge.to);
        }
    }
    let mut path = vec![*reached_by.get(start)?];
    while let Some(first) = path.first().filter(|edge| edge.from != start) {
        path.insert(0, reached_by.get(first.from.as_str())?);
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(edges: &[(&str, &str)]) -> Vec<Vec<String>> {
        let references: Vec<_> = edges
            .iter()
            .map(|(from, to)| Reference {
                from: (*from).to_owned(),
                to: (*to).to_owned(),
                file: format!("{from}.rs").into(),
                path: format!("crate::{to}"),
            })
            .collect();
        cycles(&references)
            .into_iter()
            .map(|cycle| cycle.iter().map(|edge| edge.from.clone()).collect())
            .collect()
    }

    #[test]
    fn acyclic_graph_has_no_cycles() {
        assert!(found(&[("a", "b"), ("b", "c"), ("a", "c")]).is_empty());
    }

    #[test]
    fn shortest_cycle_comes_first() {
        assert_eq!(
            found(&[("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "c")]),
            [vec!["c", "d"], vec!["a", "b", "c"]]
        );
    }
}
