/* A provider that costs next to nothing: a fixed answer to plain chats, 50 tokens a second to streamed ones.

   Prints its port, serves on 127.0.0.1 until its standard input ends. Each token is the moment at which it was sent,
   CLOCK_MONOTONIC in ns as 19 digits behind a T, so that whoever reads it knows how long it was on its way. A stream
   has as many tokens as its request's max_tokens says. One thread, one epoll, no allocation while it serves. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 65536, ROOM = 16384, GAP_NS = 20 * 1000 * 1000, STDIN = 0 };

typedef struct {
    int used;
    int tokens_left;
    int wants_usage;
    int is_waiting; /* outlives the connection: its number may be taken by another before its turn has come */
    int64_t due;
    char in[ROOM];
} Connection;

static Connection *connections[MOST];
static int waiting[MOST]; /* streams in the order in which their next token is due: all have the same gap */
static int first, count, epoll;

static const char PLAIN[] =
    "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1700000000,\"model\":\"vendor/model-77\","
    "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Hello! How can I help you today?\"},"
    "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":9,\"total_tokens\":18}}";
static const char STREAM_HEAD[] =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
static const char EVENT[] =
    "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,"
    "\"model\":\"vendor/model-77\",\"choices\":[{\"index\":0,\"delta\":{%s},\"finish_reason\":%s}]%s}\n\n";
static const char USAGE_EVENT[] =
    "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,"
    "\"model\":\"vendor/model-77\",\"choices\":[],"
    "\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":50,\"total_tokens\":59}}\n\n";

static void fail(const char *what) { perror(what); exit(1); }

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void drop(int fd) {
    connections[fd]->used = connections[fd]->tokens_left = 0;
    close(fd);
}

/* The kernel's buffer holds a whole stream; who leaves more than that unread is dropped. */
static void put(int fd, const char *data, int length) {
    if (send(fd, data, length, MSG_NOSIGNAL) != length) drop(fd);
}

static int chunked(char *out, const char *event, int length) {
    int at = sprintf(out, "%x\r\n", length);
    memcpy(out + at, event, length);
    memcpy(out + at + length, "\r\n", 2);
    return at + length + 2;
}

static void send_token(int fd) {
    Connection *connection = connections[fd];
    char event[1024], content[64], out[2048];
    sprintf(content, "\"content\":\"T%019lld\"", (long long)now_ns());
    put(fd, out, chunked(out, event, sprintf(event, EVENT, content, "null", "")));
    if (--connection->tokens_left) return;
    int at = chunked(out, event, sprintf(event, EVENT, "", "\"stop\"", ""));
    if (connection->wants_usage) at += chunked(out + at, USAGE_EVENT, sizeof USAGE_EVENT - 1);
    at += chunked(out + at, "data: [DONE]\n\n", 14);
    memcpy(out + at, "0\r\n\r\n", 5);
    put(fd, out, at + 5);
}

static void wait_in_line(int fd) {
    waiting[(first + count++) % MOST] = fd;
    connections[fd]->is_waiting = 1;
}

static void answer(int fd, const char *body) {
    Connection *connection = connections[fd];
    if (!strstr(body, "\"stream\":true") && !strstr(body, "\"stream\": true")) {
        char out[1024];
        int length = sprintf(out, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s",
                             (int)sizeof PLAIN - 1, PLAIN);
        put(fd, out, length);
        return;
    }
    const char *most = strstr(body, "\"max_tokens\":");
    connection->tokens_left = most ? atoi(most + 13) : 50;
    connection->wants_usage = strstr(body, "include_usage") != NULL;
    connection->due = now_ns() + GAP_NS;
    put(fd, STREAM_HEAD, sizeof STREAM_HEAD - 1);
    if (!connection->is_waiting) wait_in_line(fd);
}

static void receive(int fd) {
    Connection *connection = connections[fd];
    int got = recv(fd, connection->in + connection->used, ROOM - 1 - connection->used, 0);
    if (got <= 0) {
        if (got == 0 || errno != EAGAIN) drop(fd);
        return;
    }
    connection->used += got;
    connection->in[connection->used] = 0;
    for (;;) {
        char *end = strstr(connection->in, "\r\n\r\n");
        if (!end) return;
        char *length = strcasestr(connection->in, "\r\ncontent-length:");
        int whole = end + 4 - connection->in + (length && length < end ? atoi(length + 17) : 0);
        if (connection->used < whole) return;
        char kept = connection->in[whole];
        connection->in[whole] = 0;
        answer(fd, end + 4);
        connection->in[whole] = kept;
        connection->used -= connection->used ? whole : 0; /* 0: it was dropped */
        memmove(connection->in, connection->in + whole, connection->used + 1);
    }
}

static void welcome(int listener) {
    int fd, on = 1, buffer = 1 << 20;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (fd >= MOST) { close(fd); continue; }
        if (!connections[fd]) connections[fd] = calloc(1, sizeof(Connection));
        connections[fd]->used = connections[fd]->tokens_left = 0;
        connections[fd]->in[0] = 0;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    }
}

static void send_due(int timer) {
    int64_t now = now_ns();
    while (count && (connections[waiting[first]]->tokens_left <= 0 || connections[waiting[first]]->due <= now)) {
        int fd = waiting[first];
        first = (first + 1) % MOST, count--;
        connections[fd]->is_waiting = 0;
        if (connections[fd]->tokens_left <= 0) continue;
        send_token(fd);
        if (connections[fd]->tokens_left <= 0) continue;
        connections[fd]->due += GAP_NS;
        wait_in_line(fd);
    }
    if (!count) return;
    int64_t due = connections[waiting[first]]->due;
    struct itimerspec when = {.it_value = {due / 1000000000, due % 1000000000}};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
}

int main(void) {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof here;
    if (bind(listener, (void *)&here, sizeof here) || listen(listener, 4096)) fail("listen");
    getsockname(listener, (void *)&here, &size);
    printf("%d\n", ntohs(here.sin_port));
    fflush(stdout);
    epoll = epoll_create1(0);
    int watched[] = {listener, timer, STDIN};
    for (int i = 0; i < 3; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = watched[i]};
        epoll_ctl(epoll, EPOLL_CTL_ADD, watched[i], &event);
    }
    for (;;) {
        struct epoll_event events[256];
        int found = epoll_wait(epoll, events, 256, -1);
        for (int i = 0; i < found; i++) {
            int fd = events[i].data.fd;
            uint64_t rings;
            if (fd == listener) welcome(listener);
            else if (fd == STDIN) return 0;
            else if (fd == timer) { if (read(timer, &rings, sizeof rings) < 0 && errno != EAGAIN) fail("timer"); }
            else receive(fd);
        }
        send_due(timer);
    }
}
