//! The conformance suite of stores, over datasets and folders of Parquet files in an object store that is not ours: moto's server, which stands for S3. A Python
//! that has it is named in `STACYARD_TEST_MOTO`, as `make test` does.

#![allow(clippy::unwrap_used, reason = "tests")]
#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;
use std::{env, fs};

use stacyard::{Copying, Layout, Mode, ObjectOptions, Open, Run, Store, copy};
use stacyard_model::json::Document;
use stacyard_store::conformance;

/// Items of a store are copied by so many copies: of a dataset these are versions, of a folder files.
const COPIES: usize = 3;

#[test]
#[ignore = "minutes: make test-full runs it"]
fn a_dataset_in_an_object_store() {
    check(&|number, _| format!("s3://bucket/{number}/"));
}

#[test]
#[ignore = "minutes: make test-full runs it"]
fn a_folder_of_files_in_an_object_store() {
    check(&|number, copy| format!("s3://bucket/{number}/{copy}.parquet"));
}

/// Runs the suite; `name` says where each copy of a store goes.
fn check(name: &dyn Fn(usize, usize) -> String) {
    let Some(moto) = Moto::start() else {
        eprintln!("skipped: no STACYARD_TEST_MOTO (make test has a Python with moto)");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let mut number = 0;
    conformance::check(&mut |items: &[Document]| -> Store {
        number += 1;
        let lines = folder.path().join("items.ndjson").display().to_string();
        // One that is empty is made, too.
        let mut copies = items.chunks(items.len().div_ceil(COPIES).max(1)).collect::<Vec<_>>();
        copies.resize(copies.len().max(1), &[]);
        for (index, some) in copies.iter().enumerate() {
            let text: Vec<u8> =
                some.iter().flat_map(|item| [item.text().as_bytes(), b"\n"].concat()).collect();
            fs::write(&lines, text).unwrap();
            let layout = Layout { row_group_rows: 20, ..Layout::default() };
            let copying =
                Copying { open: moto.open(), mode: Some(Mode::Insert), layout, ..Copying::default() };
            let report = copy(&lines, &name(number, index), copying, Run::in_place()).unwrap();
            assert_eq!(report.written, some.len() as u64);
        }
        moto.open().store(&format!("s3://bucket/{number}/")).unwrap()
    });
}

/// The server, for as long as the test runs.
struct Moto {
    process: Child,
    port: u16,
}

impl Moto {
    /// Starts it, with the bucket `bucket`; `None`: nobody has said where it is.
    fn start() -> Option<Self> {
        let python = env::var_os("STACYARD_TEST_MOTO")?;
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new(python)
            .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let moto = Self { process, port };
        let answers = (0..600).any(|_| {
            sleep(Duration::from_millis(100));
            moto.make_bucket().is_ok()
        });
        assert!(answers, "moto's server does not answer");
        Some(moto)
    }

    fn make_bucket(&self) -> std::io::Result<()> {
        let mut server = TcpStream::connect(("127.0.0.1", self.port))?;
        server.write_all(
            b"PUT /bucket HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        )?;
        let mut answer = String::new();
        server.read_to_string(&mut answer)?;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        Ok(())
    }

    /// How its stores are opened.
    fn open(&self) -> Open {
        let settings = [
            ("aws_endpoint_url", format!("http://127.0.0.1:{}", self.port)),
            ("aws_access_key_id", "here".to_owned()),
            ("aws_secret_access_key", "secret-of-here".to_owned()),
            ("aws_region", "us-east-1".to_owned()),
        ];
        let settings = settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Open { objects: ObjectOptions { settings, ..ObjectOptions::default() }, ..Open::default() }
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
