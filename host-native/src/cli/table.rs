//! Rows as an aligned table.

use unicode_width::UnicodeWidthStr;

/// The widest that a column is shown, in terminal cells.
const WIDTH_MAX: usize = 60;

/// Draws a table with a header and a rule under it. Long values are cut with an ellipsis, line
/// breaks are shown as `⏎`.
pub fn draw(columns: &[String], rows: &[Vec<String>]) -> String {
    let clean = |text: &String| cut(&text.replace(['\n', '\r'], "⏎").replace('\t', " "));
    let header: Vec<String> = columns.iter().map(clean).collect();
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(clean).collect()).collect();
    let mut widths: Vec<usize> = header.iter().map(|text| text.width()).collect();
    for row in &rows {
        for (width, text) in widths.iter_mut().zip(row) {
            *width = (*width).max(text.width());
        }
    }
    let line = |cells: &[String]| {
        let padded = cells.iter().zip(&widths).map(|(text, width)| {
            format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
        });
        padded.collect::<Vec<_>>().join(" │ ").trim_end().to_owned()
    };
    let rule = widths.iter().map(|w| "─".repeat(*w)).collect::<Vec<_>>().join("─┼─");
    let mut lines = vec![line(&header), rule];
    lines.extend(rows.iter().map(|row| line(row)));
    lines.join("\n")
}

fn cut(text: &str) -> String {
    if text.width() <= WIDTH_MAX {
        return text.to_owned();
    }
    let mut kept = String::new();
    for c in text.chars() {
        if kept.width() >= WIDTH_MAX - 1 {
            break;
        }
        kept.push(c);
    }
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::draw;

    #[test]
    fn columns_line_up_by_width_not_by_bytes() {
        let columns = ["id".to_owned(), "name".to_owned()];
        let rows =
            vec![vec!["1".to_owned(), "João".to_owned()], vec!["22".to_owned(), "東京".to_owned()]];
        let drawn = draw(&columns, &rows);
        assert_eq!(drawn, "id │ name\n───┼─────\n1  │ João\n22 │ 東京");
    }

    #[test]
    fn long_values_are_cut() {
        let drawn = draw(&["x".to_owned()], &[vec!["a".repeat(100)]]);
        assert!(drawn.ends_with('…') && !drawn.contains(&"a".repeat(60)));
    }
}
