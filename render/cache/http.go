package cache

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// HTTP is a remote cache on any server that speaks the protocol of Bazel's HTTP
// cache: GET, HEAD and PUT of BASE/ac/KEY and BASE/cas/DIGEST, names in lower-case
// hexadecimal. A web server with WebDAV's PUT is enough. An entry goes over the
// wire as an ActionResult (actionresult.go), because servers made for Bazel refuse
// anything else under /ac/.
type HTTP struct {
	base   *url.URL
	header http.Header
	client *http.Client
	stall  time.Duration
}

// Time limits of single steps. Whole values are bounded by the store.
const (
	connectTime = 2 * time.Second
	headerTime  = 5 * time.Second
	stallTime   = 5 * time.Second // without a byte in either direction
)

// NewHTTP uses the server at a base address such as "https://cache.example/lathe".
// A user and password in it are sent as basic authentication; header is added to
// every request (a token, for example).
func NewHTTP(base string, header http.Header) (*HTTP, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, fmt.Errorf("remote cache: %w", err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("remote cache %s: the address is http://HOST/PATH or https://HOST/PATH", u.Redacted())
	}
	return &HTTP{base: u, header: header, stall: stallTime, client: &http.Client{Transport: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: connectTime}).DialContext,
		ForceAttemptHTTP2:     true,
		TLSHandshakeTimeout:   connectTime,
		ResponseHeaderTimeout: headerTime,
		ExpectContinueTimeout: time.Second,
		IdleConnTimeout:       30 * time.Second,
		MaxIdleConnsPerHost:   8,
		DisableCompression:    true, // digests are of the bytes as they are
	}}}, nil
}

// String is the address without its password.
func (h *HTTP) String() string { return h.base.Redacted() }

// Close closes idle connections.
func (h *HTTP) Close() error {
	h.client.CloseIdleConnections()
	return nil
}

// Get implements [Remote].
func (h *HTTP) Get(ctx context.Context, space Space, id [32]byte) (io.ReadCloser, error) {
	ctx, watch := newWatch(ctx, h.stall)
	response, err := h.do(ctx, http.MethodGet, space, id, 0, nil)
	if err != nil {
		watch.stop()
		return nil, watch.explain(err)
	}
	if response.StatusCode != http.StatusOK {
		watch.stop()
		discard(response)
		if err := h.status(response); err != nil {
			return nil, err
		}
		return nil, unexpected(response)
	}
	body := struct {
		io.Reader
		io.Closer
	}{&watchedReader{response.Body, watch}, closer(func() error { watch.stop(); return response.Body.Close() })}
	if space == Content {
		return body, nil
	}
	defer body.Close()
	text, err := io.ReadAll(io.LimitReader(body, maxEntry))
	if err != nil {
		return nil, err
	}
	return io.NopCloser(bytes.NewReader(unwrapResult(text))), nil
}

// Has implements [Remote]. A server that does not tell the size is believed.
func (h *HTTP) Has(ctx context.Context, space Space, id [32]byte, size int64) (bool, error) {
	response, err := h.do(ctx, http.MethodHead, space, id, 0, nil)
	if err != nil {
		return false, err
	}
	discard(response)
	switch err := h.status(response); {
	case err == nil:
		return response.ContentLength < 0 || response.ContentLength == size, nil
	case errors.Is(err, ErrNotFound), response.StatusCode == http.StatusMethodNotAllowed, response.StatusCode == http.StatusNotImplemented:
		return false, nil // HEAD is not in the protocol as Bazel documents it
	default:
		return false, err
	}
}

// Put implements [Remote].
func (h *HTTP) Put(ctx context.Context, space Space, id [32]byte, size int64, value io.Reader) error {
	if space == Actions {
		text, err := io.ReadAll(value)
		if err != nil {
			return err
		}
		text = wrapResult(text)
		size, value = int64(len(text)), bytes.NewReader(text)
	}
	ctx, watch := newWatch(ctx, h.stall)
	defer watch.stop()
	response, err := h.do(ctx, http.MethodPut, space, id, size, &watchedReader{io.NopCloser(value), watch})
	if err != nil {
		return watch.explain(err)
	}
	discard(response)
	switch response.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusMethodNotAllowed:
		return ErrReadOnly
	}
	return h.status(response)
}

// bigBody is from where on the server is asked before the body is sent.
const bigBody = 64 << 10

func (h *HTTP) do(ctx context.Context, method string, space Space, id [32]byte, size int64, body io.ReadCloser) (*http.Response, error) {
	u := h.base.JoinPath(string(space), hex.EncodeToString(id[:]))
	request, err := http.NewRequestWithContext(ctx, method, u.String(), nil)
	if err != nil {
		return nil, err
	}
	if body != nil {
		request.Body, request.ContentLength = body, size
		request.Header.Set("Content-Type", "application/octet-stream")
		if size == 0 {
			request.Body = http.NoBody
		}
		if size > bigBody {
			request.Header.Set("Expect", "100-continue")
		}
	}
	for name, values := range h.header {
		request.Header[name] = values
	}
	response, err := h.client.Do(request)
	if e := (*url.Error)(nil); errors.As(err, &e) {
		err = e.Err // the address, with the key in it, helps nobody
	}
	return response, err
}

// status turns an answer into an error.
func (h *HTTP) status(r *http.Response) error {
	switch {
	case r.StatusCode == http.StatusNotFound, r.StatusCode == http.StatusGone:
		return ErrNotFound
	case r.StatusCode/100 == 2:
		return nil
	default:
		return unexpected(r)
	}
}

func unexpected(r *http.Response) error {
	return fmt.Errorf("the server answers %q", strings.TrimSpace(r.Status))
}

// discard reads a short answer to its end, so that its connection is used again.
func discard(r *http.Response) {
	io.CopyN(io.Discard, r.Body, 4<<10)
	r.Body.Close()
}

var errStalled = errors.New("no data for too long")

// watch ends a request through which no bytes pass.
type watch struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
	stall  time.Duration
}

func newWatch(ctx context.Context, stall time.Duration) (context.Context, *watch) {
	ctx, cancel := context.WithCancelCause(ctx)
	// Until the first byte, connecting and the answer's header have limits of
	// their own.
	timer := time.AfterFunc(connectTime+headerTime+stall, func() { cancel(errStalled) })
	return ctx, &watch{ctx, cancel, timer, stall}
}

func (w *watch) stop() {
	w.timer.Stop()
	w.cancel(nil)
}

// explain names the stall behind a cancelled request.
func (w *watch) explain(err error) error {
	if cause := context.Cause(w.ctx); err != nil && err != io.EOF && errors.Is(cause, errStalled) {
		return cause
	}
	return err
}

// watchedReader resets the watch with every read.
type watchedReader struct {
	io.ReadCloser
	watch *watch
}

func (r *watchedReader) Read(p []byte) (int, error) {
	r.watch.timer.Reset(r.watch.stall)
	n, err := r.ReadCloser.Read(p)
	if err == io.EOF { // what follows is the wait for the answer
		r.watch.timer.Reset(headerTime + r.watch.stall)
	}
	return n, r.watch.explain(err)
}

type closer func() error

func (c closer) Close() error { return c() }
