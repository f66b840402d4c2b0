/*
 * A cable that is late: takes frames from one network interface and puts them on another, in both directions. Those
 * between this host and the given addresses wait for a delay that changes every moment, and keep their order.
 * Usage: late-cable INTERFACE INTERFACE FILE ADDRESS...; FILE holds the shortest and the longest delay in microseconds
 * as 64-bit numbers, and may be changed at any time. Prints "ready". Frames that find the queue full are lost.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { frame_bytes_max = 70000, queue_frames_max = 4096, peers_max = 8, ipv4_source = 26, ipv4_destination = 30 };
/* How long one delay lasts before another is drawn. */
static const int64_t mood_us = 40000;

struct frame {
  int64_t due_us;
  size_t bytes;
  char *content;
};

/* A ring, oldest first. */
struct direction {
  int from, to;
  int64_t last_due_us;
  size_t first, count;
  struct frame frames[queue_frames_max];
};

/* Shortest and longest. */
static volatile const int64_t *delays_us;
static uint32_t peers[peers_max];
static int peer_count;
static struct direction directions[2];

static void give_up(const char *what) {
  perror(what);
  exit(1);
}

static int64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

/* With the header that carries what the kernel has left to do to the frame: checksums, segments. */
static int attach(const char *name) {
  int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
  int on = 1, buffer_bytes = 64 << 20;
  struct sockaddr_ll where = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
  struct packet_mreq everything = {.mr_type = PACKET_MR_PROMISC};
  where.sll_ifindex = everything.mr_ifindex = (int)if_nametoindex(name);
  if (fd < 0 || where.sll_ifindex == 0) give_up(name);
  if (setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof on) != 0) give_up("PACKET_VNET_HDR");
  if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) != 0) give_up("PACKET_IGNORE_OUTGOING");
  // A cable that loses frames when they come in bursts would be another fault.
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer_bytes, sizeof buffer_bytes) != 0) give_up("SO_RCVBUFFORCE");
  if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer_bytes, sizeof buffer_bytes) != 0) give_up("SO_SNDBUFFORCE");
  if (bind(fd, (struct sockaddr *)&where, sizeof where) != 0) give_up("bind");
  if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &everything, sizeof everything) != 0) give_up("promiscuous");
  return fd;
}

static int is_between_peers(const char *frame, size_t bytes) {
  uint16_t type;
  uint32_t source, destination;
  if (bytes < ipv4_destination + sizeof destination) return 0;
  memcpy(&type, frame + 12, sizeof type);
  memcpy(&source, frame + ipv4_source, sizeof source);
  memcpy(&destination, frame + ipv4_destination, sizeof destination);
  if (ntohs(type) != ETH_P_IP) return 0;
  for (int i = 0; i < peer_count; i++)
    if (peers[i] == source || peers[i] == destination) return 1;
  return 0;
}

static int64_t delay_us(int64_t now) {
  static int64_t until, drawn;
  if (now >= until) {
    until = now + mood_us;
    int64_t least = delays_us[0], most = delays_us[1];
    drawn = most <= least ? least : least + (int64_t)(drand48() * (most - least));
  }
  return drawn;
}

static void receive(struct direction *way) {
  static char buffer[frame_bytes_max];
  for (;;) {
    ssize_t bytes = recv(way->from, buffer, sizeof buffer, MSG_DONTWAIT);
    if (bytes < 0) return;
    const size_t header = sizeof(struct virtio_net_hdr);
    if ((size_t)bytes <= header || way->count == queue_frames_max) continue;
    if (!is_between_peers(buffer + header, bytes - header)) {
      send(way->to, buffer, (size_t)bytes, 0);
      continue;
    }
    int64_t now = now_us();
    int64_t due = now + delay_us(now);
    struct frame *frame = &way->frames[(way->first + way->count++) % queue_frames_max];
    frame->due_us = due < way->last_due_us ? way->last_due_us : due;
    way->last_due_us = frame->due_us;
    frame->bytes = (size_t)bytes;
    frame->content = malloc((size_t)bytes);
    if (frame->content == NULL) give_up("malloc");
    memcpy(frame->content, buffer, (size_t)bytes);
  }
}

/* When the next one is due; -1 when none waits. */
static int64_t deliver(struct direction *way) {
  while (way->count > 0) {
    struct frame *frame = &way->frames[way->first];
    if (frame->due_us > now_us()) return frame->due_us;
    if (send(way->to, frame->content, frame->bytes, 0) < 0 && errno == ENOBUFS) return frame->due_us;
    free(frame->content);
    way->first = (way->first + 1) % queue_frames_max;
    way->count -= 1;
  }
  return -1;
}

int main(int count, char **arguments) {
  if (count < 4 || count > 4 + peers_max) return 2;
  int file = open(arguments[3], O_RDONLY | O_CLOEXEC);
  void *mapped = file < 0 ? MAP_FAILED : mmap(NULL, 2 * sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
  if (mapped == MAP_FAILED) give_up(arguments[3]);
  delays_us = mapped;
  for (int i = 4; i < count; i++) peers[peer_count++] = inet_addr(arguments[i]);
  int one = attach(arguments[1]), other = attach(arguments[2]);
  directions[0] = (struct direction){.from = one, .to = other};
  directions[1] = (struct direction){.from = other, .to = one};
  printf("ready\n");
  fflush(stdout);
  struct pollfd readable[2] = {{.fd = one, .events = POLLIN}, {.fd = other, .events = POLLIN}};
  for (;;) {
    int64_t next = -1;
    for (int i = 0; i < 2; i++) {
      int64_t due = deliver(&directions[i]);
      if (due >= 0 && (next < 0 || due < next)) next = due;
    }
    int64_t wait_us = next < 0 ? 1000000 : next - now_us();
    struct timespec limit = {wait_us > 0 ? wait_us / 1000000 : 0, wait_us > 0 ? wait_us % 1000000 * 1000 : 0};
    if (ppoll(readable, 2, &limit, NULL) > 0)
      for (int i = 0; i < 2; i++) receive(&directions[i]);
  }
}
