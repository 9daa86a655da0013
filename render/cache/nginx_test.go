package cache

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A web server that has never heard of Bazel is a remote cache: nginx with its
// own WebDAV module.
const nginxConf = `daemon off; worker_processes 1; pid %[1]s/pid; error_log stderr;
events { worker_connections 64; }
http {
	access_log off; client_max_body_size 0;
	client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/t1; fastcgi_temp_path %[1]s/t2; uwsgi_temp_path %[1]s/t3; scgi_temp_path %[1]s/t4;
	server {
		listen %[2]s;
		location /write/ { alias %[1]s/root/; dav_methods PUT; create_full_put_path on; }
		location /read/  { alias %[1]s/root/; }
	}
}
`

func TestRemoteNginx(t *testing.T) {
	t.Parallel()
	nginx, err := exec.LookPath("nginx")
	if err != nil {
		nginx = "/usr/sbin/nginx" // not in everybody's PATH
		if _, err := os.Stat(nginx); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatal("nginx is not installed; CI must run this (apt-get install nginx-light)")
			}
			t.Skip("nginx is not installed")
		}
	}
	dir, err := os.MkdirTemp("", "lathe-nginx-") // below /tmp: the worker may run as another user
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	root := filepath.Join(dir, "root")
	for _, d := range []string{dir, root} {
		os.MkdirAll(d, 0o777)
		os.Chmod(d, 0o777)
	}
	address := strings.TrimPrefix(refused(t), "http://")
	conf := writeTo(t, filepath.Join(dir, "conf"), fmt.Appendf(nil, nginxConf, dir, address))
	var log strings.Builder
	c := exec.Command(nginx, "-p", dir, "-c", conf)
	c.Stderr = &log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Signal(os.Interrupt)
		c.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	for try := 0; ; try++ {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
			break
		}
		if try == 6000 {
			t.Fatalf("nginx does not start: %v", err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	share(t, func() Remote { return mustRemote(t, "http://"+address+"/write") }, func(t *testing.T, space Space, id [32]byte, change func([]byte) []byte) {
		path := filepath.Join(root, string(space), Digest(id).String())
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		os.Remove(path)
		writeTo(t, path, change(text))
	})

	// Without the right to store: reading goes on, quietly.
	var warned messages
	s := machine(t, mustRemote(t, "http://"+address+"/read/"), &warned)
	put(t, s, "large", noise("large", 5<<20))
	if err := s.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if restore(t, s, keyOf("mix")) == nil || warned.count() > 0 || !s.remote.readOnly {
		t.Errorf("read only: %v, %q", s.remote.readOnly, warned.all())
	}
}
