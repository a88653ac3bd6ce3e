package hook

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// ErrPrivate tells that the name leads into a private network.
var ErrPrivate = errors.New("the address lies in a private network")

// client makes requests that follow no redirect and, unless private, reach
// public addresses alone.
func client(timeout time.Duration, private bool) *http.Client {
	dial := &net.Dialer{Timeout: timeout}
	if !private {
		// Asked for the very address that is dialled, so that a name cannot
		// answer one thing to a check and another to the call.
		dial.Control = func(_, address string, _ syscall.RawConn) error { return public(address) }
	}
	return &http.Client{
		Timeout: timeout,
		Transport: &http.Transport{
			DialContext: dial.DialContext, TLSHandshakeTimeout: timeout, MaxIdleConnsPerHost: 1, MaxIdleConns: 64, IdleConnTimeout: time.Minute,
			ResponseHeaderTimeout: timeout, ForceAttemptHTTP2: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func public(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return err
	}
	ip = ip.Unmap()
	shared := netip.MustParsePrefix("100.64.0.0/10") // carriers' own networks, and some clouds' metadata
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() || shared.Contains(ip) {
		return ErrPrivate
	}
	return nil
}
