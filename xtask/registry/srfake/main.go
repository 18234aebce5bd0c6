// srfake serves franz-go's in-memory schema registry, which has contexts and GUIDs, with faults on demand.
//
//	POST /_fault?status=503&count=2&delay_ms=300&path=/schemas   the next 2 requests for such paths answer 503, after 300 ms;
//	                                                             status=0: they are only late
//	GET  /_requests                                              every request so far: method, path, status
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/sr/srfake"
)

// What happens to the next requests.
type fault struct {
	status, count int
	delay         time.Duration
	path          string
}

// The registry behind a record of what was asked.
type recorder struct {
	registry http.Handler
	mutex    sync.Mutex
	fault    fault
	requests []string
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8081", "address")
	auth := flag.String("auth", "", "the exact Authorization header to demand")
	cert := flag.String("cert", "", "TLS certificate, PEM")
	key := flag.String("key", "", "its key, PEM")
	clients := flag.String("clients", "", "PEM certificates of authorities; every client must then show one of theirs")
	flag.Parse()
	var options []srfake.Option
	if *auth != "" {
		options = append(options, srfake.WithAuth(*auth))
	}
	handler := &recorder{registry: srfake.NewRegistry(options...).Handler(), requests: []string{}}
	if *cert != "" {
		server := &http.Server{Addr: *listen, Handler: handler, TLSConfig: clientsOf(*clients)}
		log.Fatal(server.ListenAndServeTLS(*cert, *key))
	}
	log.Fatal(http.ListenAndServe(*listen, handler))
}

// clientsOf demands client certificates, if a file of authorities is named.
func clientsOf(file string) *tls.Config {
	if file == "" {
		return nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		log.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	return &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool}
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	switch request.URL.Path {
	case "/_fault":
		r.setFault(request)
	case "/_requests":
		r.mutex.Lock()
		defer r.mutex.Unlock()
		_ = json.NewEncoder(w).Encode(r.requests)
	default:
		writer := &statusWriter{w, http.StatusOK}
		r.answer(writer, request)
		r.mutex.Lock()
		defer r.mutex.Unlock()
		r.requests = append(r.requests, request.Method+" "+request.URL.RequestURI()+" "+strconv.Itoa(writer.status))
	}
}

func (r *recorder) setFault(request *http.Request) {
	number := func(name string) int {
		value, _ := strconv.Atoi(request.URL.Query().Get(name))
		return value
	}
	delay := time.Duration(number("delay_ms")) * time.Millisecond
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.fault = fault{number("status"), number("count"), delay, request.URL.Query().Get("path")}
}

// strike takes one of the fault's times, if the path is one of its.
func (r *recorder) strike(path string) (fault, bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	hit := r.fault.count > 0 && strings.HasPrefix(path, r.fault.path)
	if hit {
		r.fault.count--
	}
	return r.fault, hit
}

func (r *recorder) answer(w http.ResponseWriter, request *http.Request) {
	struck, hit := r.strike(request.URL.Path)
	if hit {
		time.Sleep(struck.delay)
	}
	if !hit || struck.status == 0 {
		r.registry.ServeHTTP(w, request)
		return
	}
	w.Header().Set("Content-Type", "application/vnd.schemaregistry.v1+json")
	w.WriteHeader(struck.status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error_code": struck.status * 100, "message": "a fault"})
}
