package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Limits of every listener against slow and swollen requests (W15).
const (
	headerIn    = 5 * time.Second
	requestIn   = 30 * time.Second
	answerIn    = 60 * time.Second // streams lift it for themselves
	idleFor     = 2 * time.Minute
	headerBytes = 16 << 10
	headerSlop  = 4 << 10 // net/http reads so much more than it is told
	shutdownIn  = 10 * time.Second
)

// listen opens a TCP listener and explains a port that is taken.
func listen(addr, what string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s for %s: %w; stop the program that holds it or name another address", addr, what, err)
	}
	return l, nil
}

// server is one listener with its handler.
type server struct {
	name     string
	listener net.Listener
	http     *http.Server
	cert     string // empty: a proxy ends TLS, or it is the demo on loopback
	key      string
	// clientCA is whose certificates a visitor may show; nil: none is asked for.
	clientCA *x509.CertPool
}

func newServer(name string, l net.Listener, h http.Handler, log *slog.Logger) *server {
	return &server{name: name, listener: l, http: &http.Server{
		Handler: h, ReadHeaderTimeout: headerIn, ReadTimeout: requestIn, WriteTimeout: answerIn,
		IdleTimeout: idleFor, MaxHeaderBytes: headerBytes - headerSlop,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}}
}

// run serves until ctx ends, then lets the requests under way finish.
func (s *server) run(ctx context.Context) error {
	base, drop := context.WithCancel(context.WithoutCancel(ctx))
	defer drop()
	s.http.BaseContext = func(net.Listener) context.Context { return base }
	if s.clientCA != nil {
		// Browsers come here too and have none: who has to show one is the
		// handler's to say.
		s.http.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: s.clientCA}
	}
	failed := make(chan error, 1)
	go func() {
		if s.cert != "" {
			failed <- s.http.ServeTLS(s.listener, s.cert, s.key)
		} else {
			failed <- s.http.Serve(s.listener)
		}
	}()
	select {
	case err := <-failed:
		return fmt.Errorf("%s: %w", s.name, err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownIn)
	defer cancel()
	if err := s.http.Shutdown(grace); err != nil {
		return errors.Join(fmt.Errorf("%s: %w", s.name, err), s.http.Close())
	}
	return nil
}
