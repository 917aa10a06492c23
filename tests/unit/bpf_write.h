/* SPDX-License-Identifier: ISC */
/* Classic-BPF programs written by hand. */
#ifndef BPF_WRITE_H
#define BPF_WRITE_H

#include <linux/filter.h>

#define PROGRAM_MAX 8 /* instructions of a program in a table */

#define RETURN_A     BPF_STMT(BPF_RET | BPF_A, 0)
#define RETURN(k)    BPF_STMT(BPF_RET | BPF_K, k)
#define ALU(op, k)   BPF_STMT(BPF_ALU | (op) | BPF_K, k)
#define ALU_X(op)    BPF_STMT(BPF_ALU | (op) | BPF_X, 0)
#define LOAD(how, k) BPF_STMT(BPF_LD | (how), k)
#define SET_A(k)     BPF_STMT(BPF_LD | BPF_IMM, k)
#define SET_X(k)     BPF_STMT(BPF_LDX | BPF_IMM, k)
#define TXA	     BPF_STMT(BPF_MISC | BPF_TXA, 0)
#define BESIDE(what) ((uint32_t)SKF_AD_OFF + (what))

#endif
