package console

import (
	"log/slog"
	"net/http"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/application"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/dispute"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/paper"
	"rocketbank/internal/bank/privacy"
	"rocketbank/internal/bank/purchase"
	"rocketbank/internal/bank/staff"
	"rocketbank/internal/bank/watch"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// Deps is what the door works with.
type Deps struct {
	Front *web.Front
	Kit   *ui.Kit

	DB    *db.DB
	Vault *vault.Vault
	IDs   *id.Source

	Staff      *staff.Service
	Watch      *watch.Service
	Clients    *client.Directory
	Cards      *card.Service
	Access     *access.Service
	Operations *operation.Service
	// Applications are the questionnaires that managers decide.
	Applications *application.Service
	// Papers are what clients are asked for when their own data change.
	Papers *paper.Service
	// Privacy holds the requests to delete that compliance answers.
	Privacy *privacy.Service
	// Purchases knows what of the clearing did not meet our books.
	Purchases *purchase.Service
	// Disputes are what clients say is wrong with their purchases.
	Disputes *dispute.Service

	// AuditReport names the file that `make audit` writes; may be empty.
	AuditReport string

	QueueRows int // lines of one page of a queue; 0 means a hundred

	Log *slog.Logger     // may be nil
	Now func() time.Time // real time, for sessions; the machine's when nil
	// Stopping is closed when the server begins to shut down. May be nil.
	Stopping <-chan struct{}
}

// Door is the console. It is safe for concurrent use.
type Door struct{ Deps }

// New makes the door.
func New(d Deps) *Door {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.QueueRows == 0 {
		d.QueueRows = queueRows
	}
	return &Door{d}
}

// Handler serves every route of the console, behind the doorway.
func (d *Door) Handler() http.Handler {
	var ways []web.Way
	for _, rt := range d.routes() {
		ways = append(ways, web.Way{Method: rt.method, Path: rt.path, Handler: d.enter(rt)})
	}
	mux := web.Mux(ways, func(method, path, allow string) http.Handler {
		refuse := func(w http.ResponseWriter, _ *http.Request) error { return web.NotThisWay(w, allow) }
		return d.enter(route{method: method, path: path, who: machine, serve: refuse})
	}, d.enter(route{path: "/…", who: visitor, serve: noSuchPage}))
	return d.Front.Wrap(d.Front.SameHost(mux, d.fail, "/healthz"), d.fail)
}

func noSuchPage(http.ResponseWriter, *http.Request) error { return web.ErrNotFound }
