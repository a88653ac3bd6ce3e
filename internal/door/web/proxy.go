package web

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// Proxies are the networks that may set forwarded headers (W17).
type Proxies []netip.Prefix

// ParseProxies reads networks «10.0.0.0/8» and single addresses.
func ParseProxies(texts []string) (Proxies, error) {
	var out Proxies
	for _, s := range texts {
		s = strings.TrimSpace(s)
		if a, err := netip.ParseAddr(s); err == nil {
			out = append(out, netip.PrefixFrom(a, a.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("%q is no network: write it as 10.0.0.0/8", s)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

func (p Proxies) trusts(a netip.Addr) bool {
	for _, net := range p {
		if net.Contains(a) {
			return true
		}
	}
	return false
}

// forwardedHeaders are what a stranger may not tell us about himself.
func forwardedHeaders() []string {
	return []string{"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Real-Ip", "Forwarded"}
}

// visitor gives the address a request really comes from: the peer's own, or,
// while the peer is a trusted proxy, the last address of X-Forwarded-For that
// is not. From anybody else the headers are dropped, so that nothing behind
// reads them by mistake.
//
// It is the address to count by: of an IPv6 visitor it is the network of 64 bits
// that he owns, because within it he may have a new address for every request.
// An IPv4 address written as IPv6 is that IPv4 address.
func (p Proxies) visitor(r *http.Request) string {
	told := r.Header.Values("X-Forwarded-For")
	for _, h := range forwardedHeaders() {
		r.Header.Del(h)
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	peer, err := netip.ParseAddr(host)
	if err != nil {
		return ""
	}
	peer = peer.Unmap().WithZone("")
	if !p.trusts(peer) {
		return network(peer).Addr().String()
	}
	chain := strings.Split(strings.Join(told, ","), ",")
	for i := len(chain) - 1; i >= 0; i-- {
		a, err := netip.ParseAddr(strings.TrimSpace(chain[i]))
		if err != nil {
			break // what stands before an unreadable word is hearsay
		}
		peer = a.Unmap().WithZone("")
		if !p.trusts(peer) {
			break
		}
	}
	return network(peer).Addr().String()
}

// network is the part of an address that one visitor owns.
func network(a netip.Addr) netip.Prefix {
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}
