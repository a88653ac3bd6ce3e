package watch

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"
)

// Advisory is a known vulnerability of a module we are built from.
type Advisory struct {
	ID      string // "GO-2026-0001"
	Summary string
	Module  string
	Found   string // the version we have
	Fixed   string // the version that is right; empty: none yet
	Called  bool   // our code reaches it
}

// Report is what `make audit` found last.
type Report struct {
	At          time.Time // when it was written; zero: never
	Scanner     string
	DB          string // when the database of vulnerabilities was last changed
	Advisories  []Advisory
	Gosec       int // findings of gosec
	Staticcheck int // findings of staticcheck
}

// maxReport bounds the file; the scanner's own is some hundred kilobytes.
const maxReport = 64 << 20

// ReadReport reads the file that `make audit` writes; an absent one is an
// empty report.
func ReadReport(path string) (Report, error) {
	if path == "" {
		return Report{}, nil
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Report{}, nil
	}
	if err != nil {
		return Report{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Report{}, err
	}
	r, err := ParseReport(io.LimitReader(f, maxReport))
	r.At = info.ModTime().UTC()
	return r, err
}

// ParseReport reads a stream of JSON objects: what govulncheck -format json
// prints, then one object each for gosec and staticcheck.
func ParseReport(in io.Reader) (Report, error) {
	type frame struct {
		Module, Version, Function string
	}
	type message struct {
		Config *struct {
			ScannerName    string `json:"scanner_name"`
			ScannerVersion string `json:"scanner_version"`
			DBLastModified string `json:"db_last_modified"`
		} `json:"config"`
		OSV *struct {
			ID      string `json:"id"`
			Summary string `json:"summary"`
		} `json:"osv"`
		Finding *struct {
			OSV   string  `json:"osv"`
			Fixed string  `json:"fixed_version"`
			Trace []frame `json:"trace"`
		} `json:"finding"`
		Gosec *struct {
			Issues []json.RawMessage `json:"Issues"`
		} `json:"gosec"`
		Staticcheck []json.RawMessage `json:"staticcheck"`
	}
	var out Report
	summaries := map[string]string{}
	found := map[string]Advisory{}
	for dec := json.NewDecoder(in); ; {
		var m message
		err := dec.Decode(&m)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return out, fmt.Errorf("the report of make audit: %w", err)
		}
		switch {
		case m.Config != nil:
			out.Scanner = strings.TrimSpace(m.Config.ScannerName + " " + m.Config.ScannerVersion)
			out.DB = m.Config.DBLastModified
		case m.OSV != nil:
			summaries[m.OSV.ID] = m.OSV.Summary
		case m.Finding != nil && len(m.Finding.Trace) > 0:
			top := m.Finding.Trace[0]
			key := m.Finding.OSV + " " + top.Module
			a := found[key]
			a.ID, a.Module, a.Found, a.Fixed = m.Finding.OSV, top.Module, top.Version, m.Finding.Fixed
			a.Called = a.Called || top.Function != ""
			found[key] = a
		}
		if m.Gosec != nil {
			out.Gosec += len(m.Gosec.Issues)
		}
		out.Staticcheck += len(m.Staticcheck)
	}
	for _, a := range found {
		a.Summary = summaries[a.ID]
		out.Advisories = append(out.Advisories, a)
	}
	slices.SortFunc(out.Advisories, func(a, b Advisory) int {
		if a.Called != b.Called {
			if a.Called {
				return -1
			}
			return 1
		}
		return strings.Compare(a.ID+a.Module, b.ID+b.Module)
	})
	return out, nil
}
