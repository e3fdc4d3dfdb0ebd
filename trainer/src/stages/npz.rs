//! Feature matrices as SciPy's `save_npz` writes them: compressed sparse rows (CSR) in an `.npz`
//! archive.
//!
//! `scipy.sparse.load_npz` reads `data` (f64, the TF-IDF values), `indices` (i32, columns),
//! `indptr` (i64, where each row begins) and `shape`, and passes over the rest. A row's columns
//! stand in the order in which training adds them up, each once; `sort_indices()` sorts them.
//! Beside them stand the factors that the values are products of, `tf_minus_1` (f32: 0 for a term
//! that occurs once) and `row_factor` (f64), from which [`read`] puts the training matrix together
//! again, bit by bit, and `labels` (u8, 1 is positive), or of windows `review` (u32, the row of
//! each one's review in the other file).

use anyhow::{Context, bail};
use npyz::{NpyFile, WriterBuilder};
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;
use verdict_learning::learn::columns::Columns;
use verdict_learning::learn::matrix::{Matrix, MatrixBuilder, WindowRows};
use verdict_sentiment::Vectorizer;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// Writes a matrix and the labels of its rows. The same matrix gives the same bytes.
///
/// # Errors
/// Where the file cannot be written.
pub fn write(path: &Path, matrix: &Matrix, labels: &[bool]) -> anyhow::Result<()> {
    let labels: Vec<u8> = labels.iter().map(|&label| u8::from(label)).collect();
    write_with(path, matrix, "labels", &labels)
}

/// Writes the rows of windows, and the row of the review of each.
///
/// # Errors
/// Where the file cannot be written.
pub fn write_windows(path: &Path, windows: &WindowRows) -> anyhow::Result<()> {
    write_with(path, &windows.matrix, "review", &windows.review)
}

fn write_with<T: npyz::Serialize + npyz::AutoSerialize + Copy>(
    path: &Path,
    matrix: &Matrix,
    name: &str,
    of_rows: &[T],
) -> anyhow::Result<()> {
    let rows = matrix.to_csr();
    let file = File::create(path).with_context(|| format!("making {}", path.display()))?;
    let mut archive = Archive(ZipWriter::new(BufWriter::new(file)));
    let shape = [matrix.n_rows as i64, matrix.columns.len() as i64];
    let written = (|| {
        archive.array("indices", &rows.indices)?;
        archive.array("indptr", &rows.indptr)?;
        archive.format()?;
        archive.array("shape", &shape)?;
        archive.array("data", &rows.data)?;
        archive.array("tf_minus_1", &rows.tf_minus_1)?;
        archive.array("row_factor", &rows.row_factors)?;
        archive.array(name, of_rows)?;
        archive.0.finish()?.into_inner()?.sync_all()?;
        anyhow::Ok(())
    })();
    written.with_context(|| format!("writing {}", path.display()))
}

/// Reads a matrix that [`write()`] wrote, and its labels, with the vectoriser it was made with.
///
/// # Errors
/// Where the file cannot be read or is not what [`write()`] writes.
pub fn read(path: &Path, vectorizer: &Vectorizer) -> anyhow::Result<(Matrix, Vec<bool>)> {
    let (matrix, labels): (_, Vec<u8>) = read_with(path, vectorizer, "labels", |_| None)?;
    Ok((matrix, labels.into_iter().map(|label| label == 1).collect()))
}

/// Reads what [`write_windows`] wrote, of `n_reviews` reviews; arguments as for [`read`].
///
/// # Errors
/// Those of [`read`], and where a window is of no review.
pub fn read_windows(
    path: &Path,
    vectorizer: &Vectorizer,
    n_reviews: usize,
) -> anyhow::Result<WindowRows> {
    let (matrix, review) =
        read_with(path, vectorizer, "review", |review: &[u32]| Some((n_reviews, review.to_vec())))?;
    Ok(WindowRows { matrix, review })
}

/// `reviews` gives the number of reviews, and the review of each row, where rows are not reviews.
fn read_with<T: npyz::Deserialize>(
    path: &Path,
    vectorizer: &Vectorizer,
    name: &str,
    reviews: impl FnOnce(&[T]) -> Option<(usize, Vec<u32>)>,
) -> anyhow::Result<(Matrix, Vec<T>)> {
    let read = || {
        let file = File::open(path)?;
        let mut archive = ZipArchive::new(BufReader::new(file))?;
        let shape: Vec<i64> = array(&mut archive, "shape")?;
        let (n_rows, n_columns) = match shape[..] {
            [rows, columns] => (usize::try_from(rows)?, usize::try_from(columns)?),
            _ => bail!("shape must have 2 numbers, got {}", shape.len()),
        };
        let n_terms = vectorizer.vocabulary().len();
        if n_columns != n_terms {
            bail!("the matrix must have the vectoriser's {n_terms} columns, got {n_columns}");
        }
        let indptr: Vec<i64> = array(&mut archive, "indptr")?;
        let indices: Vec<i32> = array(&mut archive, "indices")?;
        let tf_minus_1: Vec<f32> = array(&mut archive, "tf_minus_1")?;
        let row_factors: Vec<f64> = array(&mut archive, "row_factor")?;
        let of_each: Vec<T> = array(&mut archive, name)?;
        let of_rows = [indptr.len(), row_factors.len() + 1, of_each.len() + 1];
        if of_rows.iter().any(|&n| n != n_rows + 1) || tf_minus_1.len() != indices.len() {
            bail!("its arrays do not have the lengths of a matrix of {n_rows} rows");
        }
        let (n_reviews, review) =
            reviews(&of_each).unwrap_or_else(|| (n_rows, (0..n_rows as u32).collect()));
        if let Some(review) = review.iter().find(|&&review| review as usize >= n_reviews) {
            bail!("a window is of review {review}, there are {n_reviews}");
        }
        if !review.is_sorted() {
            bail!("its windows must be in the order of their reviews");
        }
        let mut builder = MatrixBuilder::new(n_reviews, Columns::of(vectorizer));
        for (row, (bounds, factor)) in indptr.windows(2).zip(row_factors).enumerate() {
            let (from, to) = (usize::try_from(bounds[0])?, usize::try_from(bounds[1])?);
            let (Some(columns), Some(more)) = (indices.get(from..to), tf_minus_1.get(from..to))
            else {
                bail!("row {row} must end within {} values, got {from} to {to}", indices.len());
            };
            let within = |column: &&i32| usize::try_from(**column).is_ok_and(|c| c < n_columns);
            if let Some(column) = columns.iter().find(|column| !within(column)) {
                bail!("row {row} has column {column}, there are {n_columns}");
            }
            let cells = columns.iter().zip(more);
            let cells = cells.map(|(&column, &more)| (column as u32, more));
            builder.row(review[row] as usize, cells, factor);
        }
        Ok((builder.finish(), of_each))
    };
    read().with_context(|| format!("reading {}", path.display()))
}

struct Archive<W: Write + std::io::Seek>(ZipWriter<W>);

impl<W: Write + std::io::Seek> Archive<W> {
    fn start(&mut self, name: &str) -> anyhow::Result<()> {
        // The time of a member is the zip epoch: the same matrix gives the same bytes.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(1))
            .last_modified_time(zip::DateTime::default())
            .large_file(true);
        Ok(self.0.start_file(format!("{name}.npy"), options)?)
    }

    fn array<T: npyz::Serialize + npyz::AutoSerialize + Copy>(
        &mut self,
        name: &str,
        items: &[T],
    ) -> anyhow::Result<()> {
        self.start(name)?;
        let mut writer = npyz::WriteOptions::new()
            .default_dtype()
            .shape(&[items.len() as u64])
            // In large pieces: the archive's check sum and compression take time for each write.
            .writer(BufWriter::with_capacity(1 << 20, &mut self.0))
            .begin_nd()?;
        writer.extend(items.iter().copied())?;
        Ok(writer.finish()?)
    }

    /// The scalar string `csr`, by which SciPy knows the kind of matrix.
    fn format(&mut self) -> anyhow::Result<()> {
        self.start("format")?;
        let mut writer = npyz::WriteOptions::<Vec<u8>>::new()
            .dtype(npyz::DType::Plain("|S3".parse()?))
            .shape(&[])
            .writer(&mut self.0)
            .begin_nd()?;
        writer.push(&b"csr".to_vec())?;
        Ok(writer.finish()?)
    }
}

fn array<T: npyz::Deserialize>(
    archive: &mut ZipArchive<impl Read + std::io::Seek>,
    name: &str,
) -> anyhow::Result<Vec<T>> {
    let member =
        archive.by_name(&format!("{name}.npy")).with_context(|| format!("array {name}"))?;
    let array = NpyFile::new(member).with_context(|| format!("array {name}"))?;
    array.into_vec::<T>().with_context(|| format!("array {name}"))
}
