//! Draws measurements as SVG files that are readable on light and on dark backgrounds.

use std::path::Path;

use anyhow::{Result, bail, ensure};
use plotters::{
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

use super::{BASELINE, HOT_TRACES, PGBENCH, TRACES, Table};
use crate::command::workspace;

/// The directory of PERFORMANCE.md, which shows the plots.
const DIRECTORY: &str = "crates/server";
/// The rows that are drawn.
const ROWS: [&str; 4] = [TRACES, HOT_TRACES, BASELINE, PGBENCH];
const RATE: &str = "responses per second";

/// The size of a plot in pixels.
const SIZE: (u32, u32) = (760, 400);
const FONT: (&str, u32) = ("system-ui, sans-serif", 18);
/// The colour of axes and text, whose contrast to white equals that to black.
const GRAY: RGBColor = RGBColor(122, 122, 122);
/// The colours of the lines, whose contrast to white and to black is at least 3.
const COLORS: [RGBColor; 4] = [
    RGBColor(59, 130, 246),
    RGBColor(207, 110, 6),
    RGBColor(22, 153, 70),
    RGBColor(192, 86, 222),
];

/// A line of a plot: its name, and its points from left to right.
type Line = (String, Vec<(f64, f64)>);

/// Draws the throughput by number of tickets if `tables` contains several, otherwise by number of connections.
pub(super) fn draw_throughput(tables: &[(u32, Table)], connections: &[u32]) -> Result<()> {
    match tables {
        [(_, table)] => by_connections(table, connections),
        tables => by_tickets(tables, connections),
    }
}

/// Draws the throughput by number of connections.
fn by_connections(table: &Table, connections: &[u32]) -> Result<()> {
    let line = |row: &'static str| {
        let points = connections.iter().filter_map(|&connections| {
            let rate = table.median(&(connections, row), |(responses, _)| Some(responses.rate));
            Some((f64::from(connections), rate?))
        });
        (row.to_owned(), points.collect())
    };
    let file = workspace()
        .join(DIRECTORY)
        .join("throughput_by_connections.svg");
    draw(&file, "connections", RATE, &ROWS.map(line))
}

/// Draws the throughput by number of tickets.
fn by_tickets(tables: &[(u32, Table)], connections: &[u32]) -> Result<()> {
    let line = |(row, connections): (&'static str, u32)| {
        let points = tables.iter().filter_map(|(tickets, table)| {
            let rate = table.median(&(connections, row), |(responses, _)| Some(responses.rate));
            Some((f64::from(*tickets), rate?))
        });
        (
            format!("{row}, {connections} connections"),
            points.collect(),
        )
    };
    let rows = [TRACES, PGBENCH].into_iter();
    let lines = rows.flat_map(|row| connections.iter().map(move |&number| (row, number)));
    let file = workspace()
        .join(DIRECTORY)
        .join("throughput_by_tickets.svg");
    draw(
        &file,
        "tickets (with about five traces each)",
        RATE,
        &lines.map(line).collect::<Vec<_>>(),
    )
}

/// Draws lines with their names at their right ends. The horizontal axis is logarithmic.
fn draw(file: &Path, x_title: &str, y_title: &str, lines: &[Line]) -> Result<()> {
    let points = || lines.iter().flat_map(|(_, points)| points);
    let mut ticks: Vec<f64> = points().map(|(x, _)| *x).collect();
    ticks.sort_by(f64::total_cmp);
    ticks.dedup();
    let (Some(&first), Some(&last)) = (ticks.first(), ticks.last()) else {
        bail!("nothing was measured");
    };
    ensure!(
        first < last,
        "a plot by {x_title} needs several numbers of them"
    );
    let top = points().map(|(_, y)| *y).fold(0.0, f64::max) * 1.05;
    // The names take a third of the width.
    let right = last * (last / first).sqrt();

    let area = SVGBackend::new(file, SIZE).into_drawing_area();
    let mut chart = ChartBuilder::on(&area)
        .margin(10)
        .x_label_area_size(50)
        .y_label_area_size(80)
        .build_cartesian_2d((first..right).log_scale().with_key_points(ticks), 0.0..top)?;
    chart
        .configure_mesh()
        .axis_style(GRAY)
        .bold_line_style(GRAY.mix(0.3))
        .light_line_style(TRANSPARENT)
        .label_style(FONT.into_font().color(&GRAY))
        .axis_desc_style(FONT.into_font().color(&GRAY))
        .y_labels(6)
        .x_desc(x_title)
        .y_desc(y_title)
        .x_label_formatter(&|x| with_commas(*x))
        .y_label_formatter(&|y| with_commas(*y))
        .draw()?;
    for ((_, points), color) in lines.iter().zip(COLORS.iter().cycle()) {
        chart.draw_series(
            LineSeries::new(points.clone(), color.filled().stroke_width(3)).point_size(4),
        )?;
    }
    for ((name, _), y, color) in name_positions(lines, top / 16.0) {
        let style = FONT.into_font().color(&color);
        let style = style.pos(Pos::new(HPos::Left, VPos::Center));
        chart.draw_series([Text::new(name.clone(), (last * 1.15, y), style)])?;
    }
    area.present()?;
    Ok(())
}

/// Returns the lines with the heights and colours of their names, which are at least `distance` apart.
fn name_positions(lines: &[Line], distance: f64) -> Vec<(&Line, f64, RGBColor)> {
    let ends = lines.iter().zip(COLORS.iter().cycle());
    let mut names: Vec<_> = ends
        .filter_map(|(line, color)| Some((line, line.1.last()?.1, *color)))
        .collect();
    names.sort_by(|(_, a, _), (_, b, _)| a.total_cmp(b));
    let mut lowest = 0.0;
    for (_, y, _) in &mut names {
        *y = y.max(lowest);
        lowest = *y + distance;
    }
    names
}

/// Formats a number without decimals, with a comma before every third digit from the right.
fn with_commas(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_close_lines_do_not_overlap() {
        let line = |name: &str, end| (name.to_owned(), vec![(1.0, 9.0), (2.0, end)]);
        let lines = [line("b", 10.5), line("a", 10.0), line("c", 20.0)];
        let heights: Vec<_> = name_positions(&lines, 2.0)
            .into_iter()
            .map(|((name, _), y, _)| (name.as_str(), y))
            .collect();
        assert_eq!(heights, [("a", 10.0), ("b", 12.0), ("c", 20.0)]);
    }

    #[test]
    fn plot_has_axes_with_units_and_names() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("plot.svg");
        let line = ("traces".to_owned(), vec![(1.0, 2_000.0), (256.0, 15_000.0)]);
        draw(&file, "connections", "requests per second", &[line]).unwrap();

        let svg = std::fs::read_to_string(&file).unwrap();
        for text in [
            "connections",
            "requests per second",
            "traces",
            "256",
            "10,000",
        ] {
            assert!(svg.contains(text), "{text}: {svg}");
        }
    }
}
