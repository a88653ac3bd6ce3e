package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"rocketbank/internal/base/vault"
)

// Store is where backups rest: a folder or a bucket.
type Store interface {
	// Put keeps what write writes, under its name only once it is whole.
	Put(ctx context.Context, name string, write func(io.Writer) error) (size int64, err error)
	// Get reads it back.
	Get(ctx context.Context, name string) (io.ReadCloser, error)
}

// Folder keeps backups as files.
type Folder string

// Put writes a file beside the name and then gives it the name.
func (f Folder) Put(_ context.Context, name string, write func(io.Writer) error) (size int64, err error) {
	whole := filepath.Join(string(f), name)
	out, err := os.CreateTemp(string(f), filepath.Base(name)+".part-*")
	if err != nil {
		return 0, fmt.Errorf("cannot write %s: %w; name a folder that this user may write to", whole, err)
	}
	defer func() {
		if err != nil {
			out.Close()
			os.Remove(out.Name())
		}
	}()
	if err := write(out); err != nil {
		return 0, err
	}
	if err := out.Sync(); err != nil {
		return 0, err
	}
	if size, err = out.Seek(0, io.SeekEnd); err != nil {
		return 0, err
	}
	return size, errors.Join(out.Close(), os.Rename(out.Name(), whole))
}

// Get opens the file.
func (f Folder) Get(_ context.Context, name string) (io.ReadCloser, error) {
	in, err := os.Open(filepath.Join(string(f), name)) // #nosec G304 -- the operator names the file
	if err != nil {
		return nil, fmt.Errorf("cannot read the backup: %w", err)
	}
	return in, nil
}

// S3Config is how a bucket of an S3-compatible store is reached.
type S3Config struct {
	Endpoint string // https://host[:port]
	Region   string
	Bucket   string
	Prefix   string // put before every name
	Access   string
	Secret   vault.Hidden
	Part     uint64 // how much is held in memory and sent at once; 0 means 16 MiB
}

// bucket keeps backups as objects.
type bucket struct {
	c      S3Config
	client *minio.Client
}

// s3Part is the usual part of an upload: the most that is sent again after a
// lost connection.
const s3Part = 16 << 20

// s3Stall is how long the store may be silent before its answer begins.
const s3Stall = time.Minute

// NewS3 opens a bucket. Plain http is for a store on this very machine.
func NewS3(c S3Config) (Store, error) {
	u, err := url.Parse(c.Endpoint)
	if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) || strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("--s3-endpoint must be an https address such as https://s3.example (it is %q)", c.Endpoint)
	}
	if c.Access == "" || c.Secret.Empty() {
		return nil, errors.New("the store wants --s3-access-key and --s3-secret-file (or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)")
	}
	plain, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return nil, errors.New("the program's HTTP transport was replaced")
	}
	if c.Part == 0 {
		c.Part = s3Part
	}
	transport := plain.Clone()
	transport.ResponseHeaderTimeout = s3Stall
	client, err := minio.New(u.Host, &minio.Options{
		Creds: credentials.NewStaticV4(c.Access, c.Secret.Reveal(), ""), Secure: u.Scheme == "https", Region: c.Region,
		BucketLookup: minio.BucketLookupPath, Transport: transport, MaxRetries: 5,
	})
	if err != nil {
		return nil, fmt.Errorf("the store at %s: %w", c.Endpoint, err)
	}
	return bucket{c, client}, nil
}

func (b bucket) key(name string) string { return path.Join(b.c.Prefix, name) }

// Put sends the object in parts as it is written. A store shows an object
// only when all of it has come.
func (b bucket) Put(ctx context.Context, name string, write func(io.Writer) error) (size int64, err error) {
	from, to := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := write(to)
		to.CloseWithError(err) // nil is the end of the object
		done <- err
	}()
	info, err := b.client.PutObject(ctx, b.c.Bucket, b.key(name), from, -1, minio.PutObjectOptions{
		ContentType: "application/octet-stream", PartSize: b.c.Part,
	})
	from.CloseWithError(errors.New("the upload was given up"))
	if wrote := <-done; wrote != nil && err == nil {
		err = wrote
	}
	if err != nil {
		return 0, fmt.Errorf("send the backup to bucket %s: %w", b.c.Bucket, err)
	}
	return info.Size, nil
}

// Get reads the object.
func (b bucket) Get(ctx context.Context, name string) (io.ReadCloser, error) {
	o, err := b.client.GetObject(ctx, b.c.Bucket, b.key(name), minio.GetObjectOptions{})
	if err == nil {
		_, err = o.Stat() // or a missing object is told as a damaged one
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the backup %s from bucket %s: %w", b.key(name), b.c.Bucket, err)
	}
	return o, nil
}
