package api

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"time"

	"rocketbank/internal/bank/application"
	"rocketbank/internal/bank/scan"
	"rocketbank/internal/base/fault"
)

const (
	// uploadBody is the most of this one route: a file and what a form puts
	// around it.
	uploadBody = scan.MaxBytes + 64<<10
	// uploadIn is how long a slow line may take for it.
	uploadIn = 4 * time.Minute
)

// uploadMedia are the kinds of body that a page may come in. The kind is not
// believed: what a picture is, its bytes tell.
func uploadMedia() []string {
	return []string{"image/jpeg", "image/png", "image/heic", "image/heif", "application/pdf", "application/octet-stream", formMedia}
}

const formMedia = "multipart/form-data"

type photoInput struct {
	Page string `path:"page" enum:"main,registration,registration_next,earlier"`
}

func (in photoInput) page() (application.Page, error) {
	page, known := application.ParsePage(in.Page)
	if !known {
		return 0, scan.ErrMissing
	}
	return page, nil
}

// uploadPage takes the photo of a page, bare or as the part «file» of a form.
// It replaces an earlier one of the same page.
func (d *Door) uploadPage(ctx context.Context, c *call, in *photoInput) (*answer[PassportPage], error) {
	page, err := in.page()
	if err != nil {
		return nil, err
	}
	if c.r.ContentLength > uploadBody {
		c.w.Header().Set("Connection", "close") // the rest is not worth reading
		return nil, scan.ErrBig
	}
	slow := http.NewResponseController(c.w)
	if err := errors.Join(slow.SetReadDeadline(time.Now().Add(uploadIn)), slow.SetWriteDeadline(time.Now().Add(2*uploadIn))); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return nil, err
	}
	c.r.Body = http.MaxBytesReader(c.w, c.r.Body, uploadBody)
	file, err := fileOf(c.r)
	if err != nil {
		return nil, err
	}
	v, err := d.d.Applications.Upload(ctx, c.applicant.holder(), page, file)
	if err != nil {
		return nil, uploadFault(err)
	}
	d.prolong(ctx, c)
	return ok(shownPage(c.p, v))
}

// fileOf gives the picture of a request.
func fileOf(r *http.Request) (io.Reader, error) {
	values := r.Header["Content-Type"]
	if len(values) != 1 || r.Header.Get("Content-Encoding") != "" {
		return nil, errUploadMedia
	}
	kind, _, err := mime.ParseMediaType(values[0])
	if err != nil || !slices.Contains(uploadMedia(), kind) {
		return nil, errUploadMedia
	}
	if kind != formMedia {
		return r.Body, nil
	}
	form, err := r.MultipartReader()
	if err != nil {
		return nil, errUploadMedia
	}
	part, err := form.NextPart()
	if errors.Is(err, io.EOF) {
		return nil, scan.ErrEmpty.At("file")
	}
	if err != nil {
		return nil, uploadFault(err)
	}
	if part.FormName() != "file" {
		return nil, errUnknown.At(short(part.FormName()))
	}
	return part, nil
}

// uploadFault puts the network's own words into ours.
func uploadFault(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return scan.ErrBig
	}
	if _, ok := fault.As(err); ok {
		return applicationFault(err)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return scan.ErrBroken
	}
	return err
}

// picture is a page as it is kept, small and written anew.
type picture struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

func (d *Door) pagePicture(ctx context.Context, c *call, in *photoInput) (*picture, error) {
	page, err := in.page()
	if err != nil {
		return nil, err
	}
	raw, err := d.d.Applications.Thumb(ctx, c.applicant.holder(), page)
	if err != nil {
		return nil, applicationFault(err)
	}
	return &picture{ContentType: "image/jpeg", Disposition: `attachment; filename="page.jpg"`, Body: raw}, nil
}
