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
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() {
		return ErrPrivate
	}
	for _, p := range special() {
		if p.Contains(ip) {
			return ErrPrivate
		}
	}
	return nil
}

// special are the blocks of the registries of special-purpose addresses (RFC
// 6890 and its updates) that the methods of netip do not know: among them those
// that stand for other, perhaps private, addresses.
func special() []netip.Prefix {
	var out []netip.Prefix
	for _, block := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fec0::/10",
	} {
		out = append(out, netip.MustParsePrefix(block))
	}
	return out
}
