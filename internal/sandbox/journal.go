package sandbox

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// journal is a file of JSON lines to which whole records are appended; the
// last line of a key wins. That is all the database a stranger's world needs:
// a kill can at worst leave half a last line, which opening cuts off.
type journal struct {
	path string

	mu   sync.Mutex
	file *os.File
	size int64
}

// maxLine bounds one record: far above what the bodies' limit lets in.
const maxLine = 1 << 20

// openJournal reads every record of the file in order and leaves it open for
// appending. It returns how many lines there are.
func openJournal(path string, read func(line []byte) error) (*journal, int, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) // #nosec G304 -- the data folder comes from the one who starts the demo
	if err != nil {
		return nil, 0, fmt.Errorf("sandbox journal: %w", err)
	}
	size, lines, err := replay(f, read)
	if err == nil {
		err = f.Truncate(size)
	}
	if err == nil {
		_, err = f.Seek(size, io.SeekStart)
	}
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("sandbox journal %s, line %d: %w", filepath.Base(path), lines+1, err), f.Close())
	}
	return &journal{path: path, file: f, size: size}, lines, nil
}

// replay gives the length of the whole lines; an unfinished last one was never
// acknowledged to anybody.
func replay(f *os.File, read func([]byte) error) (size int64, lines int, err error) {
	r := bufio.NewReaderSize(f, maxLine)
	for {
		line, err := r.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF):
			return size, lines, nil
		case err != nil:
			return size, lines, err
		}
		if err := read(bytes.TrimSuffix(line, []byte("\n"))); err != nil {
			return size, lines, err
		}
		size += int64(len(line))
		lines++
	}
}

// append writes one record. A durable one is on the disk when append returns:
// the acquirer owes that to whom it answers "charged". A record that could not
// be written whole is cut off again, so that the next does not join its half.
func (j *journal) append(record any, durable bool) error {
	line, err := json.Marshal(record)
	if err != nil {
		return err
	}
	line = append(line, '\n')
	if len(line) > maxLine {
		return fmt.Errorf("sandbox journal: a record of %d bytes", len(line))
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	_, err = j.file.WriteAt(line, j.size)
	if err == nil && durable {
		err = j.file.Sync()
	}
	if err != nil {
		return errors.Join(fmt.Errorf("sandbox journal: %w", err), j.file.Truncate(j.size))
	}
	j.size += int64(len(line))
	return nil
}

// rewrite replaces the file by one that holds just these records.
func (j *journal) rewrite(records func(yield func(any) bool)) error {
	next, err := os.CreateTemp(filepath.Dir(j.path), ".rewrite-*")
	if err != nil {
		return fmt.Errorf("sandbox journal: %w", err)
	}
	size, err := dump(next, records)
	if err == nil {
		err = os.Rename(next.Name(), j.path)
	}
	if err == nil {
		err = syncDir(filepath.Dir(j.path)) // or a power cut brings the old file back
	}
	if err != nil {
		return errors.Join(fmt.Errorf("sandbox journal: %w", err), next.Close(), os.Remove(next.Name()))
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	old := j.file
	j.file, j.size = next, size
	return old.Close()
}

func dump(f *os.File, records func(yield func(any) bool)) (int64, error) {
	w := bufio.NewWriter(f)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for r := range records {
		if err := enc.Encode(r); err != nil {
			return 0, err
		}
	}
	if err := w.Flush(); err != nil {
		return 0, err
	}
	if err := f.Sync(); err != nil {
		return 0, err
	}
	return f.Seek(0, io.SeekCurrent)
}

func syncDir(path string) error {
	d, err := os.Open(path) // #nosec G304 -- the data folder comes from the one who starts the demo
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (j *journal) close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.file.Close()
}
