//! Answers as Python values: whatever serialises becomes dicts, lists, texts and numbers, and a time a `datetime`.
//!
//! Owns the form of values, which is that of the JSON but for times. Must not know what an answer means.

use gto::Timestamp;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList, PyString, PyType};
use pyo3::{BoundObject as _, intern};
use serde::Serialize;
use serde::ser::{self, Serializer};

/// The value as Python has it.
pub fn to_python<'py>(py: Python<'py>, value: &(impl Serialize + ?Sized)) -> PyResult<Bound<'py, PyAny>> {
    Ok(value.serialize(ToPython(py))?)
}

/// The point in time, with the writer's offset from UTC.
fn datetime<'py>(py: Python<'py>, iso: &str) -> PyResult<Bound<'py, PyAny>> {
    static DATETIME: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let class = DATETIME.import(py, "datetime", "datetime")?;
    class.call_method1(intern!(py, "fromisoformat"), (iso,))
}

/// What went wrong in Python while a value was made.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Failure(#[from] PyErr);

impl ser::Error for Failure {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self(PyValueError::new_err(message.to_string()))
    }
}

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> Self {
        failure.0
    }
}

type Result<T> = std::result::Result<T, Failure>;

#[derive(Clone, Copy)]
struct ToPython<'py>(Python<'py>);

/// A list that grows.
struct Items<'py>(Bound<'py, PyList>);

/// A dict that grows, and the key whose value comes next.
struct Entries<'py> {
    dict: Bound<'py, PyDict>,
    key: Option<Bound<'py, PyAny>>,
}

/// An enum's variant with something in it: `{variant: content}`.
struct Variant<T> {
    name: &'static str,
    content: T,
}

impl<'py> ToPython<'py> {
    fn value<T>(self, value: T) -> Result<Bound<'py, PyAny>>
    where
        T: IntoPyObject<'py>,
        PyErr: From<T::Error>,
    {
        Ok(value.into_pyobject(self.0).map_err(PyErr::from)?.into_any().into_bound())
    }

    fn named(self, name: &'static str, content: Bound<'py, PyAny>) -> Result<Bound<'py, PyAny>> {
        let dict = PyDict::new(self.0);
        dict.set_item(PyString::intern(self.0, name), content)?;
        Ok(dict.into_any())
    }
}

/// What is passed on to the conversions of `PyO3`.
macro_rules! values {
    ($($name:ident: $kind:ty),*) => {$(
        fn $name(self, value: $kind) -> Result<Self::Ok> {
            self.value(value)
        }
    )*};
}

impl<'py> Serializer for ToPython<'py> {
    type Ok = Bound<'py, PyAny>;
    type Error = Failure;
    type SerializeSeq = Items<'py>;
    type SerializeTuple = Items<'py>;
    type SerializeTupleStruct = Items<'py>;
    type SerializeTupleVariant = Variant<Items<'py>>;
    type SerializeMap = Entries<'py>;
    type SerializeStruct = Entries<'py>;
    type SerializeStructVariant = Variant<Entries<'py>>;

    values! {
        serialize_bool: bool,
        serialize_i8: i8,
        serialize_i16: i16,
        serialize_i32: i32,
        serialize_i64: i64,
        serialize_u8: u8,
        serialize_u16: u16,
        serialize_u32: u32,
        serialize_u64: u64,
        serialize_f32: f32,
        serialize_f64: f64,
        serialize_char: char,
        serialize_str: &str,
        serialize_bytes: &[u8]
    }

    fn serialize_none(self) -> Result<Self::Ok> {
        Ok(self.0.None().into_bound(self.0))
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Self::Ok> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Self::Ok> {
        self.serialize_none()
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<Self::Ok> {
        self.serialize_none()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Self::Ok> {
        Ok(PyString::intern(self.0, variant).into_any())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<Self::Ok> {
        let value = value.serialize(self)?;
        if name != Timestamp::SERIALIZED_AS {
            return Ok(value);
        }
        Ok(datetime(self.0, &value.cast::<PyString>().map_err(PyErr::from)?.to_cow()?)?)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Self::Ok> {
        let content = value.serialize(self)?;
        self.named(variant, content)
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<Self::SerializeSeq> {
        Ok(Items(PyList::empty(self.0)))
    }

    fn serialize_tuple(self, len: usize) -> Result<Self::SerializeTuple> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Self::SerializeTupleStruct> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleVariant> {
        Ok(Variant { name, content: self.serialize_seq(Some(len))? })
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Self::SerializeMap> {
        Ok(Entries { dict: PyDict::new(self.0), key: None })
    }

    fn serialize_struct(self, _: &'static str, len: usize) -> Result<Self::SerializeStruct> {
        self.serialize_map(Some(len))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStructVariant> {
        Ok(Variant { name, content: self.serialize_map(Some(len))? })
    }
}

impl<'py> Items<'py> {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        Ok(self.0.append(value.serialize(ToPython(self.0.py()))?)?)
    }
}

impl<'py> Entries<'py> {
    fn push<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<()> {
        let py = self.dict.py();
        Ok(self.dict.set_item(PyString::intern(py, key), value.serialize(ToPython(py))?)?)
    }
}

/// The traits for lists, which differ in the names of their methods only.
macro_rules! lists {
    ($($form:ident $method:ident),*) => {$(
        impl<'py> ser::$form for Items<'py> {
            type Ok = Bound<'py, PyAny>;
            type Error = Failure;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
                self.push(value)
            }

            fn end(self) -> Result<Self::Ok> {
                Ok(self.0.into_any())
            }
        }
    )*};
}
lists!(SerializeSeq serialize_element, SerializeTuple serialize_element, SerializeTupleStruct serialize_field);

impl<'py> ser::SerializeTupleVariant for Variant<Items<'py>> {
    type Ok = Bound<'py, PyAny>;
    type Error = Failure;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.content.push(value)
    }

    fn end(self) -> Result<Self::Ok> {
        ToPython(self.content.0.py()).named(self.name, self.content.0.into_any())
    }
}

impl<'py> ser::SerializeMap for Entries<'py> {
    type Ok = Bound<'py, PyAny>;
    type Error = Failure;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        self.key = Some(key.serialize(ToPython(self.dict.py()))?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let key = self.key.take().ok_or_else(|| <Failure as ser::Error>::custom("a value without a key"))?;
        Ok(self.dict.set_item(key, value.serialize(ToPython(self.dict.py()))?)?)
    }

    fn end(self) -> Result<Self::Ok> {
        Ok(self.dict.into_any())
    }
}

impl<'py> ser::SerializeStruct for Entries<'py> {
    type Ok = Bound<'py, PyAny>;
    type Error = Failure;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<()> {
        self.push(key, value)
    }

    fn end(self) -> Result<Self::Ok> {
        Ok(self.dict.into_any())
    }
}

impl<'py> ser::SerializeStructVariant for Variant<Entries<'py>> {
    type Ok = Bound<'py, PyAny>;
    type Error = Failure;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<()> {
        self.content.push(key, value)
    }

    fn end(self) -> Result<Self::Ok> {
        ToPython(self.content.dict.py()).named(self.name, self.content.dict.into_any())
    }
}
