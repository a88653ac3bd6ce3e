package requisites

import (
	"bytes"
	_ "embed"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/text/encoding/charmap"
)

// Limits of a directory's file. The published one has some 5 MB and fewer than
// three thousand entries.
const (
	maxDirectory = 16 << 20
	maxEntries   = 50_000
	maxAccounts  = 1_000 // of one entry
	maxValue     = 1_000 // bytes of an attribute
	maxDepth     = 8
)

// directoryNS is the name space of the Bank of Russia's messages.
const directoryNS = "urn:cbr-ru:ed:v2.0"

// BankAccount is an account of an entry of the directory.
type BankAccount struct {
	Number string
	Kind   string // CRSA: a correspondent account; UTRA: the single account of the Treasury; as published
	Unit   string // БИК of the unit of the Bank of Russia that keeps it
	Closed bool   // it is about to go
}

// Bank is an entry of the directory.
type Bank struct {
	BIK          string
	Name         string
	City         string
	Type         string // 20 a bank, 30 its branch, 52 a body of the Treasury; as published
	Accounts     []BankAccount
	Leaving      bool     // it is about to be taken out
	Restrictions []string // LWRS: the licence has been withdrawn; others as published
}

// CorrAccount gives the account that stands in field 15 of a payment order, ""
// when there is none.
func (b Bank) CorrAccount() string {
	for _, a := range b.Accounts {
		if !a.Closed && (a.Kind == "CRSA" || a.Kind == "UTRA") {
			return a.Number
		}
	}
	return ""
}

// Takes tells whether money may be sent to this bank: it is not on its way out
// and nothing restricts it.
func (b Bank) Takes() bool { return !b.Leaving && len(b.Restrictions) == 0 }

// Directory is the list of banks and of others that have a БИК.
type Directory struct {
	day  string
	byID map[string]Bank
}

// Find gives the entry of a БИК.
func (d *Directory) Find(bik string) (Bank, bool) {
	b, ok := d.byID[bik]
	return b, ok
}

// Len is how many entries there are.
func (d *Directory) Len() int { return len(d.byID) }

// Day is the business day that the directory is for, as YYYY-MM-DD.
func (d *Directory) Day() string { return d.day }

// What may be wrong with a directory's file.
var (
	ErrTooLong   = errors.New("requisites: the directory is longer than any that is published")
	ErrNotED807  = errors.New("requisites: this is no directory (ED807) of the Bank of Russia")
	ErrChanges   = errors.New("requisites: these are changes of a directory, not a whole one")
	ErrMarkup    = errors.New("requisites: document type declarations, deep nesting and endless values are not taken")
	ErrNoEntries = errors.New("requisites: the directory has no entries")
)

//go:embed example.xml
var example []byte

// Example is a small directory of banks that do not exist, in regions that do
// not exist, for demo and tests.
func Example() io.Reader { return bytes.NewReader(example) }

// ReadDirectory reads ED807 as the Bank of Russia publishes it, entry by entry.
// What it does not know inside an entry is passed over, for the form grows from
// year to year; an entry without БИК or name, or a БИК twice, refuses the file.
func ReadDirectory(r io.Reader) (*Directory, error) {
	limited := &capped{r: r, left: maxDirectory}
	in := xml.NewDecoder(limited)
	in.CharsetReader = charset
	read := directoryReader{in: in, d: &Directory{byID: map[string]Bank{}}}
	err := read.all()
	switch {
	case limited.over:
		return nil, ErrTooLong
	case err != nil:
		return nil, err
	case len(read.d.byID) == 0:
		return nil, ErrNoEntries
	}
	return read.d, nil
}

// charset reads the encodings that such files have.
func charset(label string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "windows-1251":
		return charmap.Windows1251.NewDecoder().Reader(in), nil
	case "utf-8":
		return in, nil
	}
	return nil, errors.New("its encoding is neither UTF-8 nor windows-1251")
}

// capped ends a stream that is too long and remembers it.
type capped struct {
	r    io.Reader
	left int
	over bool
}

func (c *capped) Read(p []byte) (int, error) {
	if c.left == 0 {
		c.over = true
		return 0, ErrTooLong
	}
	n, err := c.r.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

type directoryReader struct {
	in *xml.Decoder
	d  *Directory
	at Bank // the entry that is being read
	// inAccount is set inside an account of it.
	inAccount bool
}

func (r *directoryReader) all() error {
	depth, root := 0, false
	for {
		t, err := r.in.Token()
		if err == io.EOF && root {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the directory: %w", err)
		}
		switch t := t.(type) {
		case xml.Directive:
			return ErrMarkup
		case xml.StartElement:
			if depth++; depth > maxDepth {
				return ErrMarkup
			}
			if err := tame(t); err != nil {
				return err
			}
			if depth == 1 {
				if root {
					return ErrNotED807
				}
				root = true
				err = r.head(t)
			} else {
				err = r.start(t, depth)
			}
			if err != nil {
				return err
			}
		case xml.EndElement:
			if depth == 2 && t.Name.Local == "BICDirectoryEntry" {
				if err := r.keep(); err != nil {
					return err
				}
			}
			if depth == 3 {
				r.inAccount = false
			}
			depth--
		}
	}
}

// tame refuses attributes of absurd length.
func tame(e xml.StartElement) error {
	for _, a := range e.Attr {
		if len(a.Value) > maxValue {
			return ErrMarkup
		}
	}
	return nil
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}

func (r *directoryReader) head(e xml.StartElement) error {
	if e.Name.Local != "ED807" || e.Name.Space != directoryNS {
		return ErrNotED807
	}
	if kind := attribute(e, "InfoTypeCode"); kind != "" && kind != "FIRR" {
		return ErrChanges
	}
	r.d.day = attribute(e, "BusinessDay")
	if _, err := time.Parse(time.DateOnly, r.d.day); err != nil {
		return fmt.Errorf("%w: it does not say for which day it is", ErrNotED807)
	}
	return nil
}

// start takes an element inside the directory.
func (r *directoryReader) start(e xml.StartElement, depth int) error {
	get := func(name string) string { return attribute(e, name) }
	switch {
	case e.Name.Space != directoryNS:
	case depth == 2 && e.Name.Local == "BICDirectoryEntry":
		r.at = Bank{BIK: get("BIC")}
		if get("ChangeType") != "" {
			return ErrChanges
		}
	case r.at.BIK == "":
	case depth == 3 && e.Name.Local == "ParticipantInfo":
		r.at.Name, r.at.Type = strings.TrimSpace(get("NameP")), get("PtType")
		r.at.City = strings.TrimSpace(get("Tnp") + " " + get("Nnp"))
		r.at.Leaving = get("ParticipantStatus") == "PSDL"
	case depth == 3 && e.Name.Local == "Accounts":
		if len(r.at.Accounts) == maxAccounts {
			return r.wrong("it has more accounts than anybody has")
		}
		a := BankAccount{Number: get("Account"), Kind: get("RegulationAccountType"), Unit: get("AccountCBRBIC"), Closed: get("AccountStatus") == "ACDL"}
		if form(FieldCorrAccount, a.Number) != nil {
			return r.wrong("it has an account that is none")
		}
		r.at.Accounts, r.inAccount = append(r.at.Accounts, a), true
	case depth == 4 && e.Name.Local == "RstrList":
		if !r.inAccount && len(r.at.Restrictions) < maxAccounts {
			r.at.Restrictions = append(r.at.Restrictions, get("Rstr"))
		}
	}
	return nil
}

// keep puts the entry that has ended into the directory.
func (r *directoryReader) keep() error {
	b := r.at
	r.at = Bank{}
	switch _, twice := r.d.byID[b.BIK]; {
	case digits(FieldBIK, b.BIK, 9) != nil:
		return fmt.Errorf("%w: entry %d has no БИК", ErrNotED807, len(r.d.byID)+1)
	case twice:
		return fmt.Errorf("%w: БИК %s comes twice", ErrNotED807, b.BIK)
	case b.Name == "":
		return fmt.Errorf("%w: БИК %s has no name", ErrNotED807, b.BIK)
	case len(r.d.byID) == maxEntries:
		return ErrTooLong
	}
	r.d.byID[b.BIK] = b
	return nil
}

func (r *directoryReader) wrong(why string) error {
	return fmt.Errorf("%w: entry %d: %s", ErrNotED807, len(r.d.byID)+1, why)
}
